//! What the kernel would not do.

use std::io;

/// A request that failed: one line that says which.
#[derive(Debug, thiserror::Error)]
pub enum KernelError {
    #[error("cannot {action}: {source}")]
    Request { action: String, source: io::Error },
    #[error("the answer to `{action}` makes no sense")]
    Answer { action: String },
    #[error("there is no interface `{0}`")]
    NoInterface(String),
    /// The program cannot be loaded or attached.
    #[error("cannot {action}: {message}")]
    Program { action: String, message: String },
}

impl KernelError {
    pub(crate) fn request(action: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let action = action.into();
        move |source| Self::Request { action, source }
    }

    /// The error number of the kernel, when it gave one.
    pub fn errno(&self) -> Option<i32> {
        match self {
            Self::Request { source, .. } => source.raw_os_error(),
            _ => None,
        }
    }
}
