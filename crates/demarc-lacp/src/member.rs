//! One port of a bundle: its machines and timers, and when it speaks.

use std::fmt;
use std::time::Duration;

use crate::flags::Flags;
use crate::frame::{Lacpdu, PortInfo, SystemId};
use crate::mux::{self, Inputs, Mux, Selection};
use crate::receive::{self, Event, Receive};

/// `Short_Timeout_Time` (IEEE 802.1AX §6.4.4): we ask to be told every second, so that a path that dies
/// without a sound carries nothing for longer than this.
const SHORT_TIMEOUT: Duration = Duration::from_secs(3);
/// `Fast_Periodic_Time`.
const FAST_PERIODIC: Duration = Duration::from_secs(1);
/// `Slow_Periodic_Time`.
const SLOW_PERIODIC: Duration = Duration::from_secs(30);
/// `Aggregate_Wait_Time`: members that come up together join together.
const AGGREGATE_WAIT: Duration = Duration::from_secs(2);
/// PDUs in a `Fast_Periodic_Time` at most (§6.4.16).
const BURST: usize = 3;

/// What the machines of a port say of us.
const OURS: Flags = Flags::from_bits(
    Flags::ACTIVITY.bits() | Flags::SHORT_TIMEOUT.bits() | Flags::AGGREGATION.bits(),
);

/// Why a member does not send frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    NoLink,
    NotHeard,
    Silent,
    OwnSystem,
    Individual,
    OtherPartner {
        system: SystemId,
        key: u16,
        others: SystemId,
        others_key: u16,
    },
    Waiting,
    TooFew {
        able: usize,
        needed: usize,
    },
    NotInSync,
    NotCollecting,
}

impl fmt::Display for Why {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoLink => out.write_str("there is no link"),
            Self::NotHeard => out.write_str(
                "no LACP partner is heard: the other end has to run LACP, a static bundle does not come up",
            ),
            Self::Silent => out.write_str("the LACP partner has fallen silent"),
            Self::OwnSystem => {
                out.write_str("the LACP partner is this device itself: the cable is a loop")
            }
            Self::Individual => out.write_str("the LACP partner does not aggregate this link"),
            Self::OtherPartner {
                system,
                key,
                others,
                others_key,
            } => write!(
                out,
                "the LACP partner differs from that of the other members: system {system} key {key}, \
                 theirs is {others} key {others_key}"
            ),
            Self::Waiting => out.write_str("it is about to join"),
            Self::TooFew { able, needed } => write!(
                out,
                "{able} of the {needed} members that the LAG needs (minimumLinks) could carry traffic, so none does"
            ),
            Self::NotInSync => {
                out.write_str("the LACP partner does not take this link into its bundle")
            }
            Self::NotCollecting => {
                out.write_str("the LACP partner does not take frames on this link")
            }
        }
    }
}

/// Who the ports of a bundle are bundled with.
pub(crate) type Partner = (SystemId, u16);

#[derive(Clone, Debug)]
pub(crate) struct Member {
    pub(crate) receive: Receive,
    pub(crate) mux: Mux,
    pub(crate) selected: Selection,
    /// As heard last, with `SYNCHRONIZATION` only where we agree (`recordPDU`, §6.4.9).
    pub(crate) partner: Option<PortInfo>,
    current_while: Option<Duration>,
    wait_while: Option<Duration>,
    waited: bool,
    need_to_transmit: bool,
    /// What we said last of ourselves and of the partner.
    said: Option<(Flags, Option<PortInfo>)>,
    /// The last transmissions, the latest first.
    sent: [Option<Duration>; BURST],
}

impl Member {
    /// Without a link.
    pub(crate) fn new() -> Self {
        Self {
            receive: Receive::PortDisabled,
            mux: Mux::Detached,
            selected: Selection::Unselected,
            partner: None,
            current_while: None,
            wait_while: None,
            waited: false,
            need_to_transmit: false,
            said: None,
            sent: [None; BURST],
        }
    }

    /// With a link, in the bundle already.
    pub(crate) fn adopted(mux: Mux, now: Duration) -> Self {
        Self {
            receive: Receive::Adopted,
            mux,
            selected: Selection::Selected,
            // We had asked to be told every second.
            current_while: Some(now + SHORT_TIMEOUT),
            ..Self::new()
        }
    }

    pub(crate) fn set_link(&mut self, up: bool, now: Duration) {
        let event = if up { Event::LinkUp } else { Event::LinkDown };
        self.enter(event, now);
    }

    /// `current_while` and `wait_while`.
    pub(crate) fn handle_timeout(&mut self, now: Duration) {
        if self.current_while.is_some_and(|at| at <= now) {
            self.current_while = None;
            self.enter(Event::Silence, now);
        }
        if self.wait_while.is_some_and(|at| at <= now) {
            self.wait_while = None;
            self.waited = true;
        }
    }

    fn enter(&mut self, event: Event, now: Duration) {
        let to = receive::next(self.receive, event);
        if std::mem::replace(&mut self.receive, to) == to {
            return;
        }
        match to {
            Receive::PortDisabled => {
                self.current_while = None;
                self.said = None;
                self.unsync();
            }
            Receive::Expired => {
                self.current_while = Some(now + SHORT_TIMEOUT);
                self.need_to_transmit = true;
                self.unsync();
            }
            Receive::Defaulted => self.partner = None,
            Receive::Current | Receive::Adopted => {}
        }
    }

    fn unsync(&mut self) {
        if let Some(partner) = &mut self.partner {
            let flags = partner.flags.with(Flags::SYNCHRONIZATION, false);
            // Until it is heard again it is told often (§6.4.12, EXPIRED).
            partner.flags = flags.with(Flags::SHORT_TIMEOUT, true);
        }
    }

    /// `own`: how this port is named on the wire.
    pub(crate) fn handle_pdu(&mut self, own: &PortInfo, pdu: &Lacpdu, now: Duration) {
        if self.receive == Receive::PortDisabled {
            return;
        }
        let adopted = self.receive == Receive::Adopted;
        let aggregation = |flags: Flags| flags.has(Flags::AGGREGATION);
        // update_Selected: another port than before has nothing to do with what this one was in.
        let is_other = self.partner.is_some_and(|known| {
            !known.is_same_port(&pdu.actor)
                || aggregation(known.flags) != aggregation(pdu.actor.flags)
        });
        if is_other {
            self.mux = Mux::Detached;
        }
        // update_NTT: it does not know us as we are.
        let knows_us = pdu.partner.is_same_port(own);
        let told = (OURS | Flags::SYNCHRONIZATION).bits();
        let seen = pdu.partner.flags.bits() & told;
        self.need_to_transmit |= !knows_us || seen != self.flags().bits() & told;
        // recordPDU.
        let active = pdu.actor.flags.has(Flags::ACTIVITY) || pdu.partner.flags.has(Flags::ACTIVITY);
        let agrees = knows_us && aggregation(pdu.partner.flags) && active;
        let in_sync = pdu.actor.flags.has(Flags::SYNCHRONIZATION) && agrees;
        self.partner = Some(PortInfo {
            flags: pdu.actor.flags.with(Flags::SYNCHRONIZATION, in_sync),
            ..pdu.actor
        });
        self.enter(Event::Pdu, now);
        self.current_while = Some(now + SHORT_TIMEOUT);
        // Now that we know whom we talk to.
        self.need_to_transmit |= adopted;
    }

    /// Whether the port may be bundled, and with whom: `None` for one that is taken over, which goes with
    /// any.
    pub(crate) fn candidate(&self, own: SystemId) -> Result<Option<Partner>, Why> {
        match (self.receive, &self.partner) {
            (Receive::PortDisabled, _) => Err(Why::NoLink),
            (Receive::Adopted, _) => Ok(None),
            (_, None) => Err(Why::NotHeard),
            (_, Some(partner)) if partner.system == own => Err(Why::OwnSystem),
            (_, Some(partner)) if !partner.flags.has(Flags::AGGREGATION) => Err(Why::Individual),
            (_, Some(partner)) => Ok(Some((partner.system, partner.key))),
        }
    }

    pub(crate) fn partner_in_sync(&self) -> bool {
        let said = |partner: PortInfo| partner.flags.has(Flags::SYNCHRONIZATION);
        self.receive == Receive::Adopted || self.partner.is_some_and(said)
    }

    fn partner_collects(&self) -> bool {
        if self.receive == Receive::Adopted {
            return self.mux == Mux::Distributing;
        }
        let said = |partner: PortInfo| partner.flags.has(Flags::COLLECTING);
        self.partner.is_some_and(said)
    }

    /// One step of the mux machine; whether there was one to take.
    pub(crate) fn step(&mut self, held: bool, now: Duration) -> bool {
        let inputs = Inputs {
            selected: self.selected,
            waited: self.waited,
            partner_in_sync: self.partner_in_sync(),
            partner_collects: self.partner_collects(),
            held,
        };
        let to = mux::next(self.mux, inputs);
        let from = std::mem::replace(&mut self.mux, to);
        if from == Mux::Detached && to == Mux::Waiting {
            self.waited = false;
            self.wait_while = Some(now + AGGREGATE_WAIT);
        }
        if to < Mux::Waiting {
            self.wait_while = None;
        }
        from != to
    }

    /// `Actor_Oper_Port_State`.
    pub(crate) fn flags(&self) -> Flags {
        OURS.with(Flags::SYNCHRONIZATION, self.mux >= Mux::Attached)
            .with(Flags::COLLECTING, self.mux >= Mux::Collecting)
            .with(Flags::DISTRIBUTING, self.mux == Mux::Distributing)
            .with(Flags::DEFAULTED, self.receive == Receive::Defaulted)
            .with(Flags::EXPIRED, self.receive == Receive::Expired)
    }

    fn speaks(&self) -> bool {
        !matches!(self.receive, Receive::PortDisabled | Receive::Adopted)
    }

    /// How often the other end wants to be told: the periodic machine (§6.4.13), of one who is always
    /// active. Who is not known is told often.
    fn interval(&self) -> Duration {
        match &self.partner {
            Some(partner) if !partner.flags.has(Flags::SHORT_TIMEOUT) => SLOW_PERIODIC,
            _ => FAST_PERIODIC,
        }
    }

    /// What the other end has not been told yet: a change of ours, or that we know another one now.
    fn has_news(&self) -> bool {
        let heard = self.partner.map(named);
        self.need_to_transmit || self.said != Some((self.flags(), heard))
    }

    /// When to speak next.
    fn transmission(&self) -> Option<Duration> {
        if !self.speaks() {
            return None;
        }
        let [last, .., first] = self.sent;
        let allowed = first.map_or(Duration::ZERO, |first| first + FAST_PERIODIC);
        let wanted = match last {
            Some(last) if !self.has_news() => last + self.interval(),
            _ => Duration::ZERO,
        };
        Some(wanted.max(allowed))
    }

    pub(crate) fn poll_transmit(&mut self, own: &PortInfo, now: Duration) -> Option<Lacpdu> {
        if self.transmission().is_none_or(|at| at > now) {
            return None;
        }
        let [latest, second, _] = self.sent;
        self.sent = [Some(now), latest, second];
        self.need_to_transmit = false;
        self.said = Some((self.flags(), self.partner.map(named)));
        Some(self.pdu(own, self.flags()))
    }

    /// What to say when the port leaves the bundle, so that the other end stops at once.
    pub(crate) fn farewell(&self, own: &PortInfo) -> Option<Lacpdu> {
        self.speaks().then(|| self.pdu(own, OURS))
    }

    fn pdu(&self, own: &PortInfo, flags: Flags) -> Lacpdu {
        Lacpdu {
            actor: PortInfo { flags, ..*own },
            partner: self.partner.unwrap_or_default(),
            collector_max_delay: 0,
        }
    }

    /// When something happens by itself.
    pub(crate) fn next_deadline(&self) -> Option<Duration> {
        let times = [self.current_while, self.wait_while, self.transmission()];
        times.into_iter().flatten().min()
    }
}

fn named(port: PortInfo) -> PortInfo {
    PortInfo {
        flags: Flags::default(),
        ..port
    }
}
