//! What a single service that does one thing at a time would answer.

use super::{Call, Outcome};
use std::collections::BTreeMap;
use todc_utils::specifications::Specification;

/// A call and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) outcome: Outcome,
    pub(super) call: Call,
}

/// One stage: live virtual interfaces by name, and registers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct State {
    interfaces: BTreeMap<String, (String, u16)>,
    registers: BTreeMap<String, String>,
}

/// What a register holds before anyone writes.
const FIRST: &str = "first";

pub(super) struct Service;

impl Specification for Service {
    type State = State;
    type Operation = Step;

    fn init() -> State {
        State::default()
    }

    fn apply(step: &Step, state: &State) -> (bool, State) {
        let mut after = state.clone();
        let possible = after.take(&step.call);
        match step.outcome {
            Outcome::Yes => (possible, after),
            // What cannot be done has not been done.
            Outcome::Perhaps if possible => (true, after),
            Outcome::Perhaps => (true, state.clone()),
            Outcome::Absent => (!state.has(&step.call), state.clone()),
        }
    }
}

impl State {
    /// Does what was asked for; whether that is possible, and for a read whether this is what it shows.
    fn take(&mut self, call: &Call) -> bool {
        match call {
            Call::Create { name, port, vlan } => {
                let place = (port.clone(), *vlan);
                if self.is_taken(&place, name) {
                    return false;
                }
                self.interfaces.insert(name.clone(), place).is_none()
            }
            Call::Move { name, port } => {
                let Some((_, vlan)) = self.interfaces.get(name) else {
                    return false;
                };
                let place = (port.clone(), *vlan);
                if self.is_taken(&place, name) {
                    return false;
                }
                self.interfaces.insert(name.clone(), place).is_some()
            }
            Call::Delete { name } => {
                // Deleting again is answered as well.
                self.interfaces.remove(name);
                true
            }
            Call::List { port, found } => {
                let live = self.interfaces.iter();
                live.filter(|(_, (on, _))| on == port)
                    .map(|(name, (_, vlan))| (name, vlan))
                    .eq(found)
            }
            Call::Write { register, value } => {
                self.registers.insert(register.clone(), value.clone());
                true
            }
            Call::Read { register, value } => {
                let held = self.registers.get(register);
                held.map_or(FIRST, String::as_str) == value
            }
        }
    }

    fn is_taken(&self, place: &(String, u16), by_other_than: &str) -> bool {
        let mut others = self.interfaces.iter();
        others.any(|(name, taken)| taken == place && name != by_other_than)
    }

    /// Whether the object of a call is there.
    fn has(&self, call: &Call) -> bool {
        match call {
            Call::Move { name, .. } | Call::Delete { name } => self.interfaces.contains_key(name),
            _ => true,
        }
    }
}
