//! What is known of an operation before its request is read.

/// How the results of an operation come in pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pagination {
    /// The output member that holds one page.
    pub items: &'static str,
    /// Whether SDKs have a paginator and so follow tokens by themselves (`spec/protocol §5`).
    pub automatic: bool,
}

/// Defines [`Operation`](crate::Operation) from the table of operations, sorted by name.
macro_rules! operations {
    ($($name:ident {
        deprecated: $deprecated:literal,
        read_only: $read_only:literal,
        errors: [$($error:literal),*],
        pagination: $pagination:expr,
    })+) => {
        /// The operations of the API.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Operation {
            $(
                #[doc = concat!("`", stringify!($name), "`")]
                $name,
            )+
        }

        impl Operation {
            /// All operations, sorted by name.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The name in `X-Amz-Target` after the prefix, and in IAM actions.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$name => stringify!($name),)+
                }
            }

            /// The operation of that name; case matters (`spec/protocol §1`).
            #[must_use]
            pub fn from_name(name: &str) -> Option<Self> {
                let index = Self::ALL.binary_search_by(|known| known.name().cmp(name));
                index.ok().map(|index| Self::ALL[index])
            }

            /// Whether the model marks the operation as deprecated.
            #[must_use]
            pub const fn is_deprecated(self) -> bool {
                match self {
                    $(Self::$name => $deprecated,)+
                }
            }

            /// Whether the operation changes nothing. The calls that issue a letter of
            /// authorisation do: they record when it was issued.
            #[must_use]
            pub const fn is_read_only(self) -> bool {
                match self {
                    $(Self::$name => $read_only,)+
                }
            }

            /// The names of the exceptions that the model lists for the operation.
            #[must_use]
            pub const fn errors(self) -> &'static [&'static str] {
                match self {
                    $(Self::$name => &[$($error),*],)+
                }
            }

            /// How results are paged, for operations with `maxResults`.
            #[must_use]
            pub const fn pagination(self) -> Option<Pagination> {
                match self {
                    $(Self::$name => $pagination,)+
                }
            }
        }

        impl std::fmt::Display for Operation {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.pad(self.name())
            }
        }
    };
}

pub(crate) use operations;

#[cfg(test)]
mod tests;
