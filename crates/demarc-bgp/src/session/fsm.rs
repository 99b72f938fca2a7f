//! The state table of RFC 4271 §8.2.2, for one connection.
//!
//! ```text
//!            start                     TCP up              OPEN            KEEPALIVE
//!   +------+ active  +---------+     +----------+     +-------------+    +-------------+
//!   | Idle |-------->| Connect |---->| OpenSent |---->| OpenConfirm |--->| Established |
//!   +------+         +---------+     +----------+     +-------------+    +-------------+
//!      ^  | passive   | fail ^ retry    ^  | TCP lost
//!      |  |           v      |          |  v
//!      |  +---------->+--------+ TCP up |
//!      |              | Active |--------+
//!      +--------------+--------+   ... any error, from any state, back to Idle
//! ```
//!
//! Optional session attributes (§8.1.1): DampPeerOscillations and PassiveTcpEstablishment are used,
//! DelayOpen, SendNOTIFICATIONwithoutOPEN, TrackTcpState and CollisionDetectEstablishedState are
//! not. So these events of §8.1 have no variant: 12 and 20 (DelayOpen), 14 and 15 (the driver admits
//! connections), 13 (the session turns its idle hold timer into event 6 or 7).
//!
//! Two arms differ from the letter of the RFC, as in every router of today: a failed attempt in
//! Connect goes to Active, where a connection of the neighbor is welcome, instead of Idle, where it
//! is not; and a NOTIFICATION is never answered with one.

/// The six states.
#[derive(Copy, Clone, Debug, Eq, PartialEq, Ord, PartialOrd, Hash)]
pub enum State {
    Idle,
    Connect,
    Active,
    OpenSent,
    OpenConfirm,
    Established,
}

impl State {
    pub const ALL: [Self; 6] = [
        Self::Idle,
        Self::Connect,
        Self::Active,
        Self::OpenSent,
        Self::OpenConfirm,
        Self::Established,
    ];

    /// The RFC's word for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Idle => "Idle",
            Self::Connect => "Connect",
            Self::Active => "Active",
            Self::OpenSent => "OpenSent",
            Self::OpenConfirm => "OpenConfirm",
            Self::Established => "Established",
        }
    }
}

/// The events of RFC 4271 §8.1, with their numbers there, and those of later RFCs.
#[derive(Copy, Clone, Debug, Eq, PartialEq, Hash)]
pub enum Event {
    /// 1
    ManualStart,
    /// 2
    ManualStop,
    /// 3
    AutomaticStart,
    /// 4: ManualStart_with_PassiveTcpEstablishment
    ManualStartPassive,
    /// 5: AutomaticStart_with_PassiveTcpEstablishment
    AutomaticStartPassive,
    /// 6: AutomaticStart_with_DampPeerOscillations
    AutomaticStartDamped,
    /// 7: the same with PassiveTcpEstablishment
    AutomaticStartDampedPassive,
    /// 8: prefix limit, BFD down, de-configuration: the Cease goes along with the event.
    AutomaticStop,
    /// 9
    ConnectRetryTimerExpires,
    /// 10
    HoldTimerExpires,
    /// 11
    KeepaliveTimerExpires,
    /// 16: Tcp_CR_Acked, our connection is up.
    TcpConnectionAcked,
    /// 17: the neighbor's connection is up.
    TcpConnectionConfirmed,
    /// 18
    TcpConnectionFails,
    /// 19
    BgpOpen,
    /// 21
    BgpHeaderError,
    /// 22
    BgpOpenError,
    /// 23
    OpenCollisionDump,
    /// 24: NOTIFICATION 2/1
    NotificationVersionError,
    /// 25
    Notification,
    /// 26
    Keepalive,
    /// 27
    Update,
    /// 28
    UpdateError,
    /// ROUTE-REFRESH, RFC 2918.
    RouteRefresh,
    /// RFC 7313 §5: a ROUTE-REFRESH of wrong length.
    RouteRefreshError,
    /// RFC 9687: nothing could be sent for too long.
    SendHoldTimerExpires,
}

impl Event {
    pub const ALL: [Self; 26] = [
        Self::ManualStart,
        Self::ManualStop,
        Self::AutomaticStart,
        Self::ManualStartPassive,
        Self::AutomaticStartPassive,
        Self::AutomaticStartDamped,
        Self::AutomaticStartDampedPassive,
        Self::AutomaticStop,
        Self::ConnectRetryTimerExpires,
        Self::HoldTimerExpires,
        Self::KeepaliveTimerExpires,
        Self::TcpConnectionAcked,
        Self::TcpConnectionConfirmed,
        Self::TcpConnectionFails,
        Self::BgpOpen,
        Self::BgpHeaderError,
        Self::BgpOpenError,
        Self::OpenCollisionDump,
        Self::NotificationVersionError,
        Self::Notification,
        Self::Keepalive,
        Self::Update,
        Self::UpdateError,
        Self::RouteRefresh,
        Self::RouteRefreshError,
        Self::SendHoldTimerExpires,
    ];
}

/// What a transition asks for. Entering Idle implies more, always the same: timers stop, the
/// connection closes, and from Established the routes go.
#[derive(Copy, Clone, Debug, Eq, PartialEq, Hash)]
pub enum Action {
    ClearConnectRetryCounter,
    CountConnectRetry,
    StartConnectRetryTimer,
    StopConnectRetryTimer,
    /// Start a TCP connection to the neighbor, dropping an attempt that is under way.
    Connect,
    DropConnection,
    SendOpen,
    SendKeepalive,
    /// Send the NOTIFICATION that came with the event.
    Notify,
    /// Send NOTIFICATION 4/0.
    NotifyHoldTimerExpired,
    /// Send NOTIFICATION 5/x of the state that the event did not fit (RFC 6608).
    NotifyFsmError,
    /// The large hold time until an OPEN has come.
    StartOpenHoldTimer,
    /// The negotiated hold time.
    StartHoldTimer,
    StartKeepaliveTimer,
    /// The session is up.
    Establish,
    ProcessUpdate,
    ProcessRouteRefresh,
    /// Wait before the next start, the longer the more often this happened.
    Damp,
}

/// The next state and what to do on the way.
#[derive(Copy, Clone, Debug, Eq, PartialEq)]
pub struct Transition {
    pub next: State,
    pub actions: &'static [Action],
}

const fn to(next: State, actions: &'static [Action]) -> Transition {
    Transition { next, actions }
}

/// One row of the state table.
#[must_use]
#[expect(
    clippy::too_many_lines,
    reason = "the whole table of RFC 4271 §8.2.2 in one match"
)]
pub const fn transition(state: State, event: Event) -> Transition {
    use Action as A;
    use Event as E;
    use State as S;

    const FAILED: &[Action] = &[A::CountConnectRetry, A::Damp];
    const NOTIFIED: &[Action] = &[A::Notify, A::CountConnectRetry, A::Damp];
    const UNEXPECTED: &[Action] = &[A::NotifyFsmError, A::CountConnectRetry, A::Damp];
    const HOLD_EXPIRED: &[Action] = &[A::NotifyHoldTimerExpired, A::CountConnectRetry, A::Damp];
    const OPEN: &[Action] = &[A::StopConnectRetryTimer, A::SendOpen, A::StartOpenHoldTimer];

    match (state, event) {
        // ----- Idle
        (S::Idle, E::ManualStart | E::AutomaticStart) => to(
            S::Connect,
            &[
                A::ClearConnectRetryCounter,
                A::StartConnectRetryTimer,
                A::Connect,
            ],
        ),
        (S::Idle, E::ManualStartPassive | E::AutomaticStartPassive) => to(
            S::Active,
            &[A::ClearConnectRetryCounter, A::StartConnectRetryTimer],
        ),
        (S::Idle, E::AutomaticStartDamped) => {
            to(S::Connect, &[A::StartConnectRetryTimer, A::Connect])
        }
        (S::Idle, E::AutomaticStartDampedPassive) => to(S::Active, &[A::StartConnectRetryTimer]),
        (
            S::Idle,
            E::ManualStop
            | E::AutomaticStop
            | E::ConnectRetryTimerExpires
            | E::HoldTimerExpires
            | E::KeepaliveTimerExpires
            | E::TcpConnectionAcked
            | E::TcpConnectionConfirmed
            | E::TcpConnectionFails
            | E::BgpOpen
            | E::BgpHeaderError
            | E::BgpOpenError
            | E::OpenCollisionDump
            | E::NotificationVersionError
            | E::Notification
            | E::Keepalive
            | E::Update
            | E::UpdateError
            | E::RouteRefresh
            | E::RouteRefreshError
            | E::SendHoldTimerExpires,
        ) => to(S::Idle, &[]),

        // ----- every other state ignores a start
        (
            S::Connect | S::Active | S::OpenSent | S::OpenConfirm | S::Established,
            E::ManualStart
            | E::AutomaticStart
            | E::ManualStartPassive
            | E::AutomaticStartPassive
            | E::AutomaticStartDamped
            | E::AutomaticStartDampedPassive,
        ) => to(state, &[]),

        // ----- Connect and Active: no OPEN is out, so nobody is told anything
        (S::Connect | S::Active, E::ManualStop) => to(S::Idle, &[A::ClearConnectRetryCounter]),
        (S::Connect, E::ConnectRetryTimerExpires) => to(
            S::Connect,
            &[A::DropConnection, A::StartConnectRetryTimer, A::Connect],
        ),
        (S::Active, E::ConnectRetryTimerExpires) => {
            to(S::Connect, &[A::StartConnectRetryTimer, A::Connect])
        }
        (S::Connect | S::Active, E::TcpConnectionAcked | E::TcpConnectionConfirmed) => {
            to(S::OpenSent, OPEN)
        }
        (S::Connect, E::TcpConnectionFails) => to(
            S::Active,
            &[
                A::DropConnection,
                A::CountConnectRetry,
                A::StartConnectRetryTimer,
            ],
        ),
        (S::Connect | S::Active, E::NotificationVersionError) => {
            to(S::Idle, &[A::CountConnectRetry, A::Damp])
        }
        (S::Active, E::TcpConnectionFails)
        | (
            S::Connect | S::Active,
            E::AutomaticStop
            | E::HoldTimerExpires
            | E::KeepaliveTimerExpires
            | E::BgpOpen
            | E::BgpHeaderError
            | E::BgpOpenError
            | E::OpenCollisionDump
            | E::Notification
            | E::Keepalive
            | E::Update
            | E::UpdateError
            | E::RouteRefresh
            | E::RouteRefreshError
            | E::SendHoldTimerExpires,
        ) => to(S::Idle, FAILED),

        // ----- OpenSent, OpenConfirm and Established: a stop is told to the neighbor
        (S::OpenSent | S::OpenConfirm | S::Established, E::ManualStop) => {
            to(S::Idle, &[A::Notify, A::ClearConnectRetryCounter])
        }
        (S::OpenSent | S::OpenConfirm | S::Established, E::AutomaticStop) => to(S::Idle, NOTIFIED),
        (S::OpenSent | S::OpenConfirm | S::Established, E::HoldTimerExpires) => {
            to(S::Idle, HOLD_EXPIRED)
        }
        (S::OpenSent | S::OpenConfirm | S::Established, E::SendHoldTimerExpires) => {
            to(S::Idle, NOTIFIED)
        }
        // Another connection is tracked by another table (§6.8); this one does not care.
        (
            S::OpenSent | S::OpenConfirm | S::Established,
            E::TcpConnectionAcked | E::TcpConnectionConfirmed,
        )
        | (S::Established, E::OpenCollisionDump) => to(state, &[]),
        (S::OpenSent, E::TcpConnectionFails) => to(
            S::Active,
            &[
                A::DropConnection,
                A::CountConnectRetry,
                A::StartConnectRetryTimer,
            ],
        ),
        (S::OpenConfirm | S::Established, E::TcpConnectionFails)
        | (S::OpenSent | S::OpenConfirm | S::Established, E::Notification) => to(S::Idle, FAILED),
        (S::OpenSent | S::OpenConfirm | S::Established, E::NotificationVersionError) => {
            to(S::Idle, &[A::Damp])
        }
        (S::OpenSent | S::OpenConfirm | S::Established, E::BgpHeaderError)
        | (S::OpenSent | S::OpenConfirm, E::BgpOpenError | E::OpenCollisionDump)
        | (S::Established, E::UpdateError | E::RouteRefreshError) => to(S::Idle, NOTIFIED),

        (S::OpenSent, E::BgpOpen) => to(
            S::OpenConfirm,
            &[A::SendKeepalive, A::StartKeepaliveTimer, A::StartHoldTimer],
        ),
        (S::OpenConfirm | S::Established, E::KeepaliveTimerExpires) => {
            to(state, &[A::SendKeepalive, A::StartKeepaliveTimer])
        }
        (S::OpenConfirm, E::Keepalive) => to(S::Established, &[A::StartHoldTimer, A::Establish]),
        (S::Established, E::Keepalive) => to(S::Established, &[A::StartHoldTimer]),
        (S::Established, E::Update) => to(S::Established, &[A::ProcessUpdate, A::StartHoldTimer]),
        (S::Established, E::RouteRefresh) => {
            to(S::Established, &[A::ProcessRouteRefresh, A::StartHoldTimer])
        }

        // ----- what does not fit the state: RFC 6608
        (S::OpenSent, E::KeepaliveTimerExpires | E::Keepalive)
        | (S::OpenConfirm | S::Established, E::BgpOpen)
        | (S::Established, E::BgpOpenError)
        | (S::OpenSent | S::OpenConfirm | S::Established, E::ConnectRetryTimerExpires)
        | (
            S::OpenSent | S::OpenConfirm,
            E::Update | E::UpdateError | E::RouteRefresh | E::RouteRefreshError,
        ) => to(S::Idle, UNEXPECTED),
    }
}

#[cfg(test)]
mod tests;
