//! `demarc store`: a store as a file, and back, and whether it makes sense.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Read};
use std::path::{Path, PathBuf};

use demarc_domain::entity::{Change, Entity, EntityKey};
use demarc_domain::{Settings, World};
use demarc_server::{Config, EtcdAddress, Secret, StoreChoice};
use demarc_store::dump::{self, DumpError, Summary};
use demarc_store::{CommitId, Revision, SharedStore};
use serde_json::{Value, json};

use crate::cli::{StoreCommand, StoreLocation};
use crate::failure::Failure;
use crate::operator::{Form, print, print_json, remark};

mod new_file;

use new_file::NewFile;

pub(crate) fn run(command: StoreCommand) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::Other(format!("cannot start: {error}")))?;
    runtime.block_on(async {
        match command {
            StoreCommand::Export { location, to, json } => {
                export(&location, to.as_deref(), form(json)).await
            }
            StoreCommand::Import {
                location,
                from,
                config,
                unchecked,
                json,
            } => {
                let settings = settings(config.as_deref())?;
                let settings = (!unchecked).then_some(settings);
                import(&location, from.as_deref(), settings, form(json)).await
            }
            StoreCommand::Verify {
                location,
                config,
                json,
            } => verify(&location, &settings(config.as_deref())?, form(json)).await,
        }
    })
}

fn form(json: bool) -> Form {
    if json { Form::Json } else { Form::Table }
}

async fn export(location: &StoreLocation, to: Option<&Path>, form: Form) -> Result<(), Failure> {
    let store = open_existing(location).await?;
    let summary = match to {
        None => dump::export(store.as_ref(), io::stdout()).await,
        Some(path) => {
            let mut file = NewFile::beside(path).map_err(|error| {
                Failure::Usage(format!("cannot write {}: {error}", path.display()))
            })?;
            let summary = dump::export(store.as_ref(), BufWriter::new(&mut file)).await;
            summary.and_then(|summary| Ok(file.keep().map(|()| summary)?))
        }
    };
    let summary = summary.map_err(|error| broken(&error))?;
    if form == Form::Json {
        return print_json(&in_json(&summary));
    }
    // The output may be the dump itself.
    remark(&format!("exported {}", described(&summary)));
    Ok(())
}

/// Checks by these settings before anything is written, if there are any.
async fn import(
    location: &StoreLocation,
    from: Option<&Path>,
    settings: Option<Settings>,
    form: Form,
) -> Result<(), Failure> {
    let dump = Dump::open(from)?;
    let broken = |error: DumpError| no_dump(from, &error);
    if let Some(settings) = settings {
        let mut reading = Reading::default();
        let summary = dump::read(dump.begin()?, |entry| {
            reading.take(entry.key.as_str(), &entry.value);
        });
        let summary = summary.map_err(broken)?;
        reading.judge(&settings, &summary, form)?;
    }
    let store = open(location).await?;
    let summary = dump::import(store.as_ref(), dump.begin()?, commit_ids()?).await;
    let summary = summary.map_err(broken)?;
    match form {
        Form::Json => print_json(&in_json(&summary)),
        Form::Table => print(&format!("imported {}", described(&summary))),
    }
}

/// Why a dump was not imported. What does not begin as a dump does never was one.
fn no_dump(from: Option<&Path>, error: &DumpError) -> Failure {
    if matches!(error, DumpError::Broken { line: 1, .. }) {
        let name = from.map_or_else(
            || "standard input".to_owned(),
            |path| path.display().to_string(),
        );
        return Failure::Other(format!(
            "{name} is not a Demarc dump: `demarc store export` makes them"
        ));
    }
    broken(error)
}

/// A dump that can be read more than once.
enum Dump {
    File(PathBuf),
    /// From standard input.
    Memory(Vec<u8>),
}

impl Dump {
    fn open(from: Option<&Path>) -> Result<Self, Failure> {
        let Some(path) = from else {
            let mut all = Vec::new();
            io::stdin()
                .read_to_end(&mut all)
                .map_err(|error| Failure::Other(format!("cannot read standard input: {error}")))?;
            return Ok(Self::Memory(all));
        };
        Ok(Self::File(path.to_owned()))
    }

    fn begin(&self) -> Result<Box<dyn BufRead + Send + '_>, Failure> {
        Ok(match self {
            Self::Memory(all) => Box::new(all.as_slice()),
            Self::File(path) => {
                let file = File::open(path).map_err(|error| {
                    Failure::Usage(format!("cannot read {}: {error}", path.display()))
                })?;
                Box::new(BufReader::new(file))
            }
        })
    }
}

fn settings(config: Option<&Path>) -> Result<Settings, Failure> {
    let config = match config {
        None => Config::default(),
        Some(path) => Config::read(path).map_err(|error| Failure::Usage(error.to_string()))?,
    };
    let settings = config.settings();
    settings.map_err(|error| Failure::Usage(error.to_string()))
}

async fn verify(location: &StoreLocation, settings: &Settings, form: Form) -> Result<(), Failure> {
    let store = open_existing(location).await?;
    let summary = dump::verify(store.as_ref()).await;
    let summary = summary.map_err(|error| broken(&error))?;
    let failed = |error: &dyn std::error::Error| broken(error);
    let mut entries = store.load().await.map_err(|error| failed(&error))?;
    let mut reading = Reading::default();
    while let Some(chunk) = entries.next().await.map_err(|error| failed(&error))? {
        for entry in chunk {
            reading.take(entry.key.as_str(), &entry.value);
        }
    }
    reading.judge(settings, &summary, form)?;
    match form {
        Form::Json => {
            let mut answer = in_json(&summary);
            answer["problems"] = json!([]);
            print_json(&answer)
        }
        Form::Table => print(&format!("all is well with {}", described(&summary))),
    }
}

/// Documents as a World, and what in them is not what it should be.
#[derive(Default)]
struct Reading {
    world: World,
    wrong: Vec<String>,
}

impl Reading {
    fn take(&mut self, key: &str, document: &[u8]) {
        match entity(key, document) {
            Ok(entity) => self.world.apply(&Change::Put(entity)),
            Err(sentence) => self.wrong.push(sentence),
        }
    }

    /// Prints what is wrong. What must always be true is asked only when everything could be read.
    fn judge(mut self, settings: &Settings, summary: &Summary, form: Form) -> Result<(), Failure> {
        if self.wrong.is_empty() {
            self.wrong = demarc_domain::violations(&self.world, settings);
        }
        if self.wrong.is_empty() {
            return Ok(());
        }
        if form == Form::Json {
            let mut answer = in_json(summary);
            answer["problems"] = json!(self.wrong);
            print_json(&answer)?;
        } else {
            for sentence in &self.wrong {
                print(sentence)?;
            }
        }
        Err(Failure::Other(format!(
            "{} things are wrong with {}",
            self.wrong.len(),
            described(summary)
        )))
    }
}

fn entity(key: &str, document: &[u8]) -> Result<Entity, String> {
    let parsed: EntityKey = key
        .parse()
        .map_err(|_| format!("{key} is not known here"))?;
    let entity = Entity::from_json(&parsed, document)
        .map_err(|error| format!("{key} could not be read: {error}"))?;
    match entity.key() == parsed {
        true => Ok(entity),
        false => Err(format!("{key} names itself {}", entity.key())),
    }
}

async fn open(location: &StoreLocation) -> Result<SharedStore, Failure> {
    let usage = |error: &dyn std::fmt::Display| Failure::Usage(error.to_string());
    let choice = match (&location.data, &location.store) {
        (Some(data), _) => StoreChoice::Directory(data.clone()),
        (None, Some(url)) => {
            let environment = |name| std::env::var(name).ok();
            let address = EtcdAddress {
                url: url.clone(),
                ca: location.etcd_ca.clone(),
                certificate: location.etcd_cert.clone(),
                key: location.etcd_key.clone(),
                user: environment("DEMARC_ETCD_USER"),
                password: environment("DEMARC_ETCD_PASSWORD").map(Secret::new),
            };
            address.choice().map_err(|error| usage(&error))?
        }
        (None, None) => return Err(usage(&"--data or --store says which store is meant")),
    };
    choice.open().await.map_err(|error| usage(&error))
}

/// As [`open`], but where there is no store none is made, and nothing is said to be well.
async fn open_existing(location: &StoreLocation) -> Result<SharedStore, Failure> {
    if let Some(data) = &location.data {
        let is_store = |entry: io::Result<std::fs::DirEntry>| {
            entry.is_ok_and(|entry| entry.file_name().to_string_lossy().starts_with("store-v"))
        };
        let found = std::fs::read_dir(data).map_err(|error| {
            Failure::Usage(format!(
                "cannot read data directory {}: {error}",
                data.display()
            ))
        })?;
        if !found.into_iter().any(is_store) {
            let text = format!("there is no store in {}", data.display());
            return Err(Failure::Usage(text));
        }
    }
    let store = open(location).await?;
    if let Some(url) = &location.store {
        let head = store
            .head()
            .await
            .map_err(|error| Failure::Other(error.to_string()))?;
        if head == Revision::ZERO {
            return Err(Failure::Usage(format!("there is no store at {url}")));
        }
    }
    Ok(store)
}

/// Ids that no other commit has.
fn commit_ids() -> Result<impl FnMut() -> CommitId + Send, Failure> {
    let mut seed = [0; 16];
    getrandom::fill(&mut seed)
        .map_err(|error| Failure::Other(format!("the system gave no random numbers: {error}")))?;
    let mut next = u128::from_le_bytes(seed);
    Ok(move || {
        next = next.wrapping_add(1);
        CommitId::new(next)
    })
}

fn described(summary: &Summary) -> String {
    let kinds: Vec<String> = summary
        .kinds
        .iter()
        .map(|(kind, count)| format!("{count} {kind}"))
        .collect();
    format!(
        "revision {}: {} entries ({}), sha256 {}",
        summary.revision,
        summary.entries,
        kinds.join(", "),
        summary.sha256
    )
}

fn in_json(summary: &Summary) -> Value {
    json!({
        "revision": summary.revision.get(),
        "entries": summary.entries,
        "bytes": summary.bytes,
        "kinds": summary.kinds,
        "sha256": summary.sha256,
    })
}

/// The error with its causes.
fn broken(error: &dyn std::error::Error) -> Failure {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        text.push_str(": ");
        text.push_str(&next.to_string());
        cause = next.source();
    }
    Failure::Other(text)
}
