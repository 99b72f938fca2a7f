//! `cargo xtask model`: botocore wheel in, prose-free extract out.

use super::shapes::Model;
use anyhow::{Context, Result, bail};
use clap::Args;
use std::path::{Path, PathBuf};
use std::process::Command;

#[derive(Args)]
pub(crate) struct Arguments {
    /// A botocore wheel on disk
    #[arg(
        long,
        conflicts_with = "botocore",
        required_unless_present = "botocore"
    )]
    wheel: Option<PathBuf>,
    /// A botocore version to get with `pip download`
    #[arg(long)]
    botocore: Option<String>,
}

/// Prints the service model of a wheel (argument 1) with its paginators merged in. Wheels are
/// zip files and their models gzip files; Python reads both, and is there whenever pip is.
const READ_WHEEL: &str = r#"
import gzip, json, sys, zipfile
folder = "botocore/data/directconnect/2012-10-25/"
with zipfile.ZipFile(sys.argv[1]) as wheel:
    def read(name):
        if folder + name + ".gz" in wheel.namelist():
            return json.loads(gzip.decompress(wheel.read(folder + name + ".gz")))
        return json.loads(wheel.read(folder + name))
    model = read("service-2.json")
    model["pagination"] = read("paginators-1.json")["pagination"]
print(json.dumps(model))
"#;

/// Writes the extract beside the API crate.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let downloads = tempfile::tempdir()?;
    let wheel = match (&arguments.wheel, &arguments.botocore) {
        (Some(wheel), _) => wheel.clone(),
        (None, Some(version)) => download(version, downloads.path())?,
        (None, None) => bail!("give --wheel PATH or --botocore VERSION"),
    };
    let output = Command::new("python3")
        .args(["-c", READ_WHEEL])
        .arg(&wheel)
        .output()
        .context("running python3")?;
    if !output.status.success() {
        let complaint = String::from_utf8_lossy(&output.stderr);
        bail!("{} is not readable: {complaint}", wheel.display());
    }
    let model: Model = serde_json::from_slice(&output.stdout).context("parsing the model")?;
    let mut text = serde_json::to_string_pretty(&model)?;
    text.push('\n');
    let path = super::path();
    std::fs::write(&path, text).with_context(|| format!("writing {}", path.display()))
}

fn download(version: &str, folder: &Path) -> Result<PathBuf> {
    let status = Command::new("python3")
        .args(["-m", "pip", "download", "--quiet", "--no-deps", "--dest"])
        .arg(folder)
        .arg(format!("botocore=={version}"))
        .status()
        .context("running pip")?;
    if !status.success() {
        bail!("pip could not download botocore {version}");
    }
    let entry = std::fs::read_dir(folder)?
        .next()
        .context("pip reported success and left no file")??;
    Ok(entry.path())
}
