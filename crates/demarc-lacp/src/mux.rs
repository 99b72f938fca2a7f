//! The mux machine (IEEE 802.1AX §6.4.15, with independent control): what a port carries.
//!
//! ```text
//! DETACHED ─▶ WAITING ─▶ ATTACHED ─▶ COLLECTING ─▶ DISTRIBUTING
//! ```
//!
//! Collecting and distributing are apart, so that nothing is sent that the other end would not take; an end
//! that does both at once (coupled control) gets along with that.

/// A state of the machine, from nothing to everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mux {
    Detached,
    /// In the bundle soon, perhaps with others.
    Waiting,
    /// In the bundle.
    Attached,
    /// Takes frames.
    Collecting,
    /// Takes and sends frames.
    Distributing,
}

/// Whether a port belongs to the bundle (§6.4.14).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Selection {
    Unselected,
    /// It does, but must not be in it now.
    Standby,
    Selected,
}

/// What the machine looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Inputs {
    pub(crate) selected: Selection,
    /// The wait for others is over.
    pub(crate) waited: bool,
    pub(crate) partner_in_sync: bool,
    pub(crate) partner_collects: bool,
    /// Too few ports are in sync: none of them carries anything.
    pub(crate) held: bool,
}

/// The next state; the same when nothing has to be done. One step at a time.
pub(crate) fn next(state: Mux, inputs: Inputs) -> Mux {
    let selected = inputs.selected == Selection::Selected;
    let may_collect = selected && inputs.partner_in_sync && !inputs.held;
    match state {
        Mux::Detached if inputs.selected != Selection::Unselected => Mux::Waiting,
        Mux::Waiting if inputs.selected == Selection::Unselected => Mux::Detached,
        Mux::Waiting if selected && inputs.waited => Mux::Attached,
        Mux::Attached if !selected => Mux::Detached,
        Mux::Attached if may_collect => Mux::Collecting,
        Mux::Collecting if !may_collect => Mux::Attached,
        Mux::Collecting if inputs.partner_collects => Mux::Distributing,
        Mux::Distributing if !may_collect || !inputs.partner_collects => Mux::Collecting,
        same => same,
    }
}

#[cfg(test)]
mod tests {
    use super::Mux::{Attached, Collecting, Detached, Distributing, Waiting};
    use super::Selection::{Selected, Standby, Unselected};
    use super::*;

    #[test]
    fn every_row_of_the_machine() {
        let all = Inputs {
            selected: Selected,
            waited: true,
            partner_in_sync: true,
            partner_collects: true,
            held: false,
        };
        let unselected = Inputs {
            selected: Unselected,
            ..all
        };
        let standby = Inputs {
            selected: Standby,
            ..all
        };
        let waits = Inputs {
            waited: false,
            ..all
        };
        let alone = Inputs {
            partner_in_sync: false,
            ..all
        };
        let coupled = Inputs {
            partner_collects: false,
            ..all
        };
        let held = Inputs { held: true, ..all };
        let rows = [
            // inputs     Detached  Waiting   Attached    Collecting  Distributing
            (
                all,
                [Waiting, Attached, Collecting, Distributing, Distributing],
            ),
            (
                unselected,
                [Detached, Detached, Detached, Attached, Collecting],
            ),
            (standby, [Waiting, Waiting, Detached, Attached, Collecting]),
            (
                waits,
                [Waiting, Waiting, Collecting, Distributing, Distributing],
            ),
            (alone, [Waiting, Attached, Attached, Attached, Collecting]),
            (
                coupled,
                [Waiting, Attached, Collecting, Collecting, Collecting],
            ),
            (held, [Waiting, Attached, Attached, Attached, Collecting]),
        ];
        let states = [Detached, Waiting, Attached, Collecting, Distributing];
        for (inputs, to) in rows {
            for (from, to) in states.into_iter().zip(to) {
                assert_eq!(next(from, inputs), to, "{from:?} with {inputs:?}");
            }
        }
    }
}
