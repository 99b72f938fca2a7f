//! What can be told of a port.

use super::Port;
use super::in_use::InUse;
use crate::discarded::Discarded;
use crate::participant::{Participant, Server};
use crate::peers::Peer;
use crate::status::{KeyServer, PeerStatus, Status, Why};
use crate::timing::LIFE;

impl Port {
    #[must_use]
    pub fn status(&self) -> Status {
        let shown = self.shown();
        let why = self.why(shown);
        let in_use = self.keys.transmitting().or(self.keys.latest.as_ref());
        let peers = shown.map(peers).unwrap_or_default();
        let labels = Discarded::LABELS.iter().copied();
        let discarded = labels.zip(self.discarded).filter(|(_, count)| *count > 0);
        Status {
            secured: why.is_none(),
            why,
            ckn: shown.filter(|_| !peers.is_empty()).map(|p| p.key.ckn),
            cipher: in_use.map(|key| key.offer.sak.cipher()),
            key_server: shown.and_then(|participant| self.key_server(participant)),
            peers,
            discarded: discarded.collect(),
        }
    }

    /// The participant whose key is used, else the newest that has most of a peer.
    fn shown(&self) -> Option<&Participant> {
        if let Some(key) = self.keys.transmitting().or(self.keys.latest.as_ref()) {
            return self.find(&key.ckn);
        }
        let mut newest = self.participants.iter();
        let live = newest.clone().find(|participant| participant.is_live());
        let potential = || {
            let mut newest = self.participants.iter();
            newest.find(|participant| !participant.peers.potential.is_empty())
        };
        live.or_else(potential).or_else(|| newest.next())
    }

    fn key_server(&self, participant: &Participant) -> Option<KeyServer> {
        match participant.server {
            Server::Nobody => None,
            Server::Own => Some(KeyServer {
                sci: self.config.sci,
                own: true,
            }),
            Server::Peer(member) => {
                let server = participant.peers.find_live(member)?;
                Some(KeyServer {
                    sci: server.sci,
                    own: false,
                })
            }
        }
    }

    fn why(&self, shown: Option<&Participant>) -> Option<Why> {
        if !self.link {
            return Some(Why::NoLink);
        }
        let Some(participant) = shown else {
            return Some(Why::NoKeys);
        };
        if let Some(key) = self.keys.transmitting()
            && key.receiving.is_some()
            && self.find(&key.ckn).is_some_and(|participant| {
                participant.is_live()
                    && self.all_report(participant, key.id(), |report| report.receive)
            })
        {
            return None;
        }
        if !participant.is_live() {
            return Some(self.why_no_peer(participant));
        }
        if let Some(refusal) = participant.refusal {
            return Some(Why::Refused(refusal));
        }
        Some(self.why_not_used(self.keys.latest.as_ref()))
    }

    fn why_no_peer(&self, participant: &Participant) -> Why {
        match &self.hint {
            _ if !participant.peers.potential.is_empty() => Why::NotMutual,
            Some((hint, at)) if self.now < *at + LIFE => hint.clone(),
            _ if participant.was_live => Why::Silent,
            _ => Why::NotHeard,
        }
    }

    fn why_not_used(&self, latest: Option<&InUse>) -> Why {
        let Some(latest) = latest else {
            return Why::NoSak;
        };
        let is_installed = latest.receiving.is_some();
        let is_sent = latest.transmit.is_none() || latest.transmitting;
        match &self.fault {
            Some(fault) if !(is_installed && is_sent) => Why::Fault(fault.clone()),
            _ if !(is_installed && is_sent) => Why::NotInstalled,
            _ => Why::NotTaken,
        }
    }
}

fn peers(participant: &Participant) -> Vec<PeerStatus> {
    let status = |live| {
        move |peer: &Peer| PeerStatus {
            sci: peer.sci,
            priority: peer.priority,
            live,
        }
    };
    let live = participant.peers.live.iter().map(status(true));
    let potential = participant.peers.potential.iter().map(status(false));
    let mut peers: Vec<PeerStatus> = live.chain(potential).collect();
    peers.sort_unstable_by_key(|peer| peer.sci);
    peers
}
