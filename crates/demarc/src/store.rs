//! `demarc store`: a store as a file, and back, and whether it makes sense.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use demarc_domain::entity::{Change, Entity, EntityKey};
use demarc_domain::{Settings, World};
use demarc_server::{Config, EtcdAddress, Secret, StoreChoice};
use demarc_store::dump::{self, Summary};
use demarc_store::{CommitId, SharedStore};

use crate::cli::{StoreCommand, StoreLocation};
use crate::failure::Failure;
use crate::operator::{print, remark};

pub(crate) fn run(command: StoreCommand) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::Other(format!("cannot start: {error}")))?;
    runtime.block_on(async {
        match command {
            StoreCommand::Export { location, to } => export(&location, to.as_deref()).await,
            StoreCommand::Import {
                location,
                from,
                config,
                unchecked,
            } => {
                let settings = settings(config.as_deref())?;
                let settings = (!unchecked).then_some(settings);
                import(&location, from.as_deref(), settings).await
            }
            StoreCommand::Verify { location, config } => {
                verify(&location, &settings(config.as_deref())?).await
            }
        }
    })
}

async fn export(location: &StoreLocation, to: Option<&Path>) -> Result<(), Failure> {
    let store = open_existing(location).await?;
    let summary = match to {
        None => dump::export(store.as_ref(), io::stdout()).await,
        Some(path) => {
            // As secret as the store itself.
            let mut options = File::options();
            let file = options.write(true).create_new(true).mode(0o600).open(path);
            let file = file.map_err(|error| {
                Failure::Usage(format!("cannot write {}: {error}", path.display()))
            })?;
            let summary = dump::export(store.as_ref(), BufWriter::new(&file)).await;
            // A backup counts when it is on the disk.
            summary.and_then(|summary| Ok(file.sync_all().map(|()| summary)?))
        }
    };
    let summary = summary.map_err(|error| broken(&error))?;
    // The output may be the dump itself.
    remark(&format!("exported {}", described(&summary)));
    Ok(())
}

/// Checks by these settings before anything is written, if there are any.
async fn import(
    location: &StoreLocation,
    from: Option<&Path>,
    settings: Option<Settings>,
) -> Result<(), Failure> {
    let dump = Dump::open(from)?;
    if let Some(settings) = settings {
        let mut reading = Reading::default();
        let summary = dump::read(dump.begin()?, |entry| {
            reading.take(entry.key.as_str(), &entry.value);
        });
        let summary = summary.map_err(|error| broken(&error))?;
        reading.judge(&settings, &summary)?;
    }
    let store = open(location).await?;
    let summary = dump::import(store.as_ref(), dump.begin()?, commit_ids()?).await;
    let summary = summary.map_err(|error| broken(&error))?;
    print(&format!("imported {}", described(&summary)))
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

async fn verify(location: &StoreLocation, settings: &Settings) -> Result<(), Failure> {
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
    reading.judge(settings, &summary)?;
    print(&format!("all is well with {}", described(&summary)))
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
    fn judge(mut self, settings: &Settings, summary: &Summary) -> Result<(), Failure> {
        if self.wrong.is_empty() {
            self.wrong = demarc_domain::violations(&self.world, settings);
        }
        for sentence in &self.wrong {
            print(sentence)?;
        }
        match self.wrong.len() {
            0 => Ok(()),
            count => Err(Failure::Other(format!(
                "{count} things are wrong with {}",
                described(summary)
            ))),
        }
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

/// As [`open`], but a directory without a store is refused instead of given one.
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
    open(location).await
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
