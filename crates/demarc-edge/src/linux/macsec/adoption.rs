//! What an earlier process encrypts with: it goes on until key agreement has something newer, or nobody answers.

use std::time::Duration;

use demarc_linux::{Kernel, KernelError, MacSec, SecY};

use super::port::Port;

/// For as long as one who was live is believed to be (MKA life time, IEEE 802.1X table 9-3).
const LIFE: Duration = Duration::from_secs(6);

/// The interface is as an earlier process left it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Inherited {
    pub(super) until: Duration,
    pub(super) cipher: u64,
}

/// Looks for an interface that an earlier process left, and whether frames pass it.
pub(super) fn inherit(
    port: &Port,
    kernel: &mut Kernel,
    inside: &mut MacSec,
    now: Duration,
) -> Result<Option<Inherited>, KernelError> {
    let name = port.name();
    let Some(link) = kernel.link(&name)?.filter(|link| link.alias == port.mark()) else {
        return Ok(None);
    };
    let Some(found) = kernel.mac_sec(&name)? else {
        return Ok(None);
    };
    let sci = super::programming::sci(port.mac);
    if (found.port, found.sci) != (port.wanted.interface, sci) {
        return Ok(None);
    }
    let secy = inside.read(link.index)?.unwrap_or_default();
    let inherited = Inherited {
        until: now + LIFE,
        cipher: found.cipher,
    };
    Ok(is_in_use(&secy, found.encoding()).then_some(inherited))
}

/// Frames are sent and taken.
fn is_in_use(secy: &SecY, encoding: u8) -> bool {
    let sends = secy
        .transmit
        .iter()
        .any(|it| it.active && it.an == encoding);
    let mut channels = secy.receive.iter().filter(|it| it.active);
    sends && channels.any(|it| it.associations.iter().any(|it| it.active))
}
