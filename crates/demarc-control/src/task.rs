//! A piece of work for the writer, whatever it decides and answers.

use demarc_domain::entity::Change;
use demarc_domain::{Context, World};
use demarc_types::{AccountId, Region};
use tokio::sync::oneshot;

use crate::control::ControlError;

/// What a decision comes to: the World after it, the changes, and the answer.
pub(crate) type Verdict<T, E> = Result<(World, Vec<Change>, T), E>;

/// Work in the queue.
pub(crate) trait Task: Send {
    /// On whose behalf.
    fn caller(&self) -> (AccountId, Region);

    /// Decides on `world`; `None` when refused. Called again when the commit has to be tried anew.
    fn decide(&mut self, world: &World, context: &mut Context) -> Option<(World, Vec<Change>)>;

    /// Answers, once the outcome of the batch is known.
    fn answer(self: Box<Self>, outcome: Result<(), ControlError>);
}

/// A task made of a deciding function and a channel for its answer.
pub(crate) struct Request<T, E, F> {
    pub(crate) caller: (AccountId, Region),
    pub(crate) decide: F,
    pub(crate) verdict: Option<Result<T, E>>,
    pub(crate) reply: oneshot::Sender<Result<Result<T, E>, ControlError>>,
}

impl<T, E, F> Task for Request<T, E, F>
where
    T: Send,
    E: Send,
    F: FnMut(&World, &mut Context) -> Verdict<T, E> + Send,
{
    fn caller(&self) -> (AccountId, Region) {
        self.caller
    }

    fn decide(&mut self, world: &World, context: &mut Context) -> Option<(World, Vec<Change>)> {
        match (self.decide)(world, context) {
            Ok((world, changes, answer)) => {
                self.verdict = Some(Ok(answer));
                Some((world, changes))
            }
            Err(refusal) => {
                self.verdict = Some(Err(refusal));
                None
            }
        }
    }

    fn answer(self: Box<Self>, outcome: Result<(), ControlError>) {
        let Self { verdict, reply, .. } = *self;
        // A caller that went away does not want its answer any more.
        let _ = reply.send(outcome.and_then(|()| verdict.ok_or(ControlError::Stopped)));
    }
}
