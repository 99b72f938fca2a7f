//! What there is to say of a port.

use demarc_domain::device_status::{MacSecCounters, MacSecStatus};

use super::port::Port;
use super::wanted::Mode;

pub(super) fn of(port: &Port) -> MacSecStatus {
    let agreed = port.agreement.status();
    let encrypted = port.is_secured();
    let reason = match port.wanted.mode {
        Mode::Clear => Some("the port is no_encrypt".to_owned()),
        _ if encrypted => None,
        _ => port
            .fault
            .clone()
            .or_else(|| agreed.why.as_ref().map(ToString::to_string)),
    };
    let counters = port.seen.counters;
    let discarded = agreed.discarded.iter();
    MacSecStatus {
        encrypted,
        reason,
        secrets: port.wanted.secrets.clone(),
        ckn: agreed.ckn.map(|ckn| ckn.to_string()),
        cipher: agreed.cipher.map(|cipher| cipher.to_string()),
        key_server: agreed.key_server.map(|server| server.sci.to_string()),
        peers: agreed
            .peers
            .iter()
            .map(|peer| peer.sci.to_string())
            .collect(),
        counters: MacSecCounters {
            out_encrypted: counters.out_encrypted,
            in_accepted: counters.in_ok,
            in_late: counters.in_late,
            in_invalid: counters.in_invalid,
            in_unknown: counters.in_unknown,
        },
        discarded: discarded
            .map(|(reason, count)| ((*reason).to_owned(), *count))
            .collect(),
    }
}
