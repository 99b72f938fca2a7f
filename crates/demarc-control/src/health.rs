//! What this process can and cannot do at the moment.

use std::sync::{Mutex, MutexGuard, PoisonError};

use demarc_store::Revision;

/// What this process is among those that share the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// There are no others.
    Alone,
    /// It holds the lease: it fires deadlines and runs the fabric.
    Leader,
    Follower,
}

impl Role {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Alone => "alone",
            Self::Leader => "leader",
            Self::Follower => "follower",
        }
    }
}

/// An honest account of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    pub role: Role,
    /// What reads of this process are answered from.
    pub revision: Revision,
    /// Commits of others that were not taken in when this was asked.
    pub behind: u64,
    /// Why requests are refused, if they are.
    pub problem: Option<String>,
    /// Why the last commit was not made, if none has been made since: reads are answered, writes are not.
    pub read_only: Option<String>,
    /// Whether reads are answered all the same, from what there is.
    pub stale_reads: bool,
    /// The process has to be restarted before it serves again.
    pub ended: bool,
}

impl Health {
    /// Whether requests should be sent here.
    pub fn serves(&self) -> bool {
        self.problem.is_none() || (self.stale_reads && !self.ended)
    }
}

/// What the writer knows about itself.
#[derive(Debug)]
pub(crate) struct Standing {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    role: Role,
    /// Why nothing will be served any more.
    ended: Option<String>,
    read_only: Option<String>,
    retired: bool,
}

impl Standing {
    pub(crate) fn new(role: Role) -> Self {
        Self {
            state: Mutex::new(State {
                role,
                ended: None,
                read_only: None,
                retired: false,
            }),
        }
    }

    pub(crate) fn role(&self) -> Role {
        self.state().role
    }

    /// Returns the former role.
    pub(crate) fn set_role(&self, role: Role) -> Role {
        std::mem::replace(&mut self.state().role, role)
    }

    pub(crate) fn ended(&self) -> Option<String> {
        self.state().ended.clone()
    }

    /// Returns whether that is news.
    pub(crate) fn end(&self, why: String) -> bool {
        let mut state = self.state();
        let is_news = state.ended.is_none();
        state.ended.get_or_insert(why);
        is_news
    }

    pub(crate) fn read_only(&self) -> Option<String> {
        self.state().read_only.clone()
    }

    /// A commit could not be made.
    pub(crate) fn refuse_writes(&self, why: String) {
        self.state().read_only = Some(why);
    }

    /// A commit was made, here or elsewhere.
    pub(crate) fn allow_writes(&self) {
        self.state().read_only = None;
    }

    /// This process does not want the lease any more.
    pub(crate) fn retire(&self) {
        self.state().retired = true;
    }

    pub(crate) fn is_retired(&self) -> bool {
        self.state().retired
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
