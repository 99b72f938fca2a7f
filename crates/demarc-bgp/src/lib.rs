//! BGP without I/O, for the Direct Connect edge and the stand-alone speaker.
//!
//! * [`wire`]: a borrowing codec. Any bytes give a value or the NOTIFICATION that RFC 4271 §6 and
//!   RFC 7606 ask for; it never panics.
//! * [`policy`]: what Direct Connect accepts, prefers and announces, as pure functions.
//! * [`rib`]: what neighbors sent, what is best of it, and what neighbors are sent.
//!
//! * [`session`]: the state machine of RFC 4271 §8 with everything around it: collision, damping,
//!   prefix limit, graceful restart.
//!
//! Nothing here opens a socket, reads a clock, starts a thread or draws a random number. Time and
//! seeds are arguments; bytes come in and go out as slices and vectors. `demarc-speaker` is the
//! driver that owns sockets and clocks.

pub mod policy;
pub mod rib;
pub mod session;
#[cfg(any(test, feature = "sim"))]
pub mod sim;
pub mod wire;
