//! `demarc lab up`.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::api::Api;
use super::build::{Builder, Ids};
use super::keeper::{LOG, READY, SOCKET};
use super::order::Keeper;
use super::place::{Place, Record, started};
use super::topology::Topology;
use super::{down, router};
use crate::cli::UpArguments;
use crate::failure::Failure;
use crate::operator::print;

/// What is in the way of a lab is said before anything is made. A lab that cannot be finished is taken
/// down again.
pub(crate) fn run(arguments: UpArguments) -> Result<(), Failure> {
    let file = arguments.topology.map(std::path::absolute).transpose();
    let file = file.map_err(|error| Failure::Usage(format!("the topology: {error}")))?;
    let topology = Topology::read(file.as_deref()).map_err(Failure::Usage)?;
    let daemon = router::choose(arguments.router)?;
    let place = Place::new(arguments.place.dir.clone())?;
    let begun = Instant::now();
    let mut record = start(&place, &topology, &arguments.listen, file)?;
    let shown = demonstrate(&place, &topology, &record, daemon, !arguments.no_tour);
    record.builder = None;
    match shown.and_then(|()| place.write(&record)) {
        Ok(()) if arguments.teardown => {
            place.clear(&record)?;
            print("\nThe lab is down again; nothing is left of it.")
        }
        Ok(()) => print(&farewell(
            &record,
            arguments.place.dir.as_deref(),
            begun.elapsed(),
        )),
        Err(failure) => {
            // The reason is what people want to see; that nothing is left they may rely on.
            _ = place.clear(&record);
            Err(failure)
        }
    }
}

fn demonstrate(
    place: &Place,
    topology: &Topology,
    record: &Record,
    daemon: super::order::Daemon,
    tour: bool,
) -> Result<(), Failure> {
    let mut api = Api::new(&record.url, topology.region);
    api.show = true;
    let keeper = Keeper::connect(&place.file(SOCKET))?;
    print(&format!(
        "The service is at {url}, with a Linux edge in a network namespace of its own.\n\
         Each step as a command for your shell, after:\n  \
         $ export AWS_ENDPOINT_URL={url} AWS_DEFAULT_REGION={region} AWS_SECRET_ACCESS_KEY=any\n",
        url = record.url,
        region = topology.region
    ))?;
    let mut builder = Builder {
        topology,
        place,
        api,
        keeper,
        daemon,
        ids: Ids::default(),
    };
    builder.build()?;
    if tour { builder.tour() } else { Ok(()) }
}

fn farewell(record: &Record, place: Option<&Path>, took: Duration) -> String {
    let customer = record.customers.first().map_or("", String::as_str);
    let place = place.map_or_else(String::new, |place| format!(" --dir {}", place.display()));
    format!(
        "\nThe lab is up after {:.0} s, and stays up. Go on with:\n  \
         demarc lab status{place}\n  \
         demarc lab exec{place} {customer} ip route      (or birdc, vtysh, ping, tcpdump, sh)\n  \
         demarc show --url {}\n  \
         demarc lab down{place}",
        took.as_secs_f32(),
        record.url
    )
}

/// Starts the lab's process and writes down which it is.
fn start(
    place: &Place,
    topology: &Topology,
    listen: &str,
    file: Option<PathBuf>,
) -> Result<Record, Failure> {
    if let Some(record) = place.running() {
        if !record.is_abandoned() {
            return Err(down::already(place, &record));
        }
        place.clear(&record)?;
    }
    let socket = TcpListener::bind(listen).map_err(|error| {
        Failure::Usage(format!(
            "cannot listen on {listen}: {error}; --listen names another address"
        ))
    })?;
    let address = socket
        .local_addr()
        .map_err(|error| Failure::Other(error.to_string()))?;
    if !address.ip().is_loopback() {
        return Err(Failure::Usage(format!(
            "a lab has no accounts of its own and lets anyone do anything: {listen} is not a loopback address"
        )));
    }
    place.prepare()?;
    let us = nix::unistd::getpid().as_raw();
    let since = started(us).unwrap_or_default();
    let mut record = Record {
        pid: us,
        started: since,
        builder: Some((us, since)),
        url: format!("http://{address}"),
        customers: topology.customer.iter().map(|it| it.name.clone()).collect(),
        vpcs: topology.vpc.iter().map(|it| it.name.clone()).collect(),
        topology: file,
    };
    // First of all: whatever ends this command, the next one knows whose directory this is.
    let begun = place
        .write(&record)
        .and_then(|()| begin(place, socket))
        .and_then(|pid| {
            record.pid = pid;
            record.started = started(pid).unwrap_or_default();
            place.write(&record)
        });
    if let Err(failure) = begun {
        _ = place.remove();
        return Err(failure);
    }
    Ok(record)
}

/// The pid of the lab's process, once it is ready. It writes itself down before: this command may be gone by then.
fn begin(place: &Place, socket: TcpListener) -> Result<i32, Failure> {
    let failed = |error: std::io::Error| Failure::Other(format!("cannot start the lab: {error}"));
    std::fs::write(place.file(super::keeper::BINDINGS), "").map_err(failed)?;
    let log = place.log().map_err(failed)?;
    let mut child: Child = Command::new("/proc/self/exe")
        .args(["lab", "keep", "--dir"])
        .arg(place.directory())
        .stdin(OwnedFd::from(socket))
        .stdout(Stdio::piped())
        .stderr(log)
        .spawn()
        .map_err(failed)?;
    let said = child.stdout.take().map(BufReader::new);
    let mut pid = None;
    let mut reason = None;
    for line in said.into_iter().flat_map(BufRead::lines) {
        let line = line.map_err(failed)?;
        match line.parse::<i32>() {
            Ok(number) => pid = Some(number),
            Err(_) if line == READY => reason = Some(Ok(())),
            Err(_) => reason = Some(Err(line)),
        }
        // The pid comes from the one that starts the other: either may speak first.
        if reason.is_some() && (pid.is_some() || matches!(reason, Some(Err(_)))) {
            break;
        }
    }
    _ = child.wait();
    match (pid, reason) {
        (Some(pid), Some(Ok(()))) => Ok(pid),
        (_, Some(Err(text))) if nix::unistd::geteuid().is_root() => Err(Failure::Usage(text)),
        // Namespaces may be allowed, and what happens in them not.
        (_, Some(Err(text))) if text.contains("sudo") => Err(Failure::Usage(text)),
        (_, Some(Err(text))) => Err(Failure::Usage(format!("{text}; run `sudo demarc lab up`"))),
        _ => {
            let log = std::fs::read_to_string(place.file(LOG)).unwrap_or_default();
            let last = log.lines().last().unwrap_or("it said nothing").to_owned();
            Err(Failure::Other(format!(
                "the lab's process has ended: {last}"
            )))
        }
    }
}
