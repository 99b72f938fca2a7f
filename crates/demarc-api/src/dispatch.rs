//! One request and one response variant an operation.

/// Defines [`Request`](crate::Request) and [`Response`](crate::Response) from the table
/// `Operation(Input) -> Output`.
macro_rules! dispatch {
    ($($operation:ident($input:ident) -> $output:ident,)+) => {
        /// The input of an operation, decoded and within the constraints of the model.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum Request {
            $(
                #[doc = concat!("Input of `", stringify!($operation), "`.")]
                $operation($input),
            )+
        }

        /// The output of an operation.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum Response {
            $(
                #[doc = concat!("Output of `", stringify!($operation), "`.")]
                $operation($output),
            )+
        }

        impl Request {
            /// Reads the body of a request and checks the constraints of the model.
            ///
            /// An empty body is an empty object, unknown members are ignored, null is absent, of
            /// duplicate members the last counts (`spec/protocol §4`). An empty list of tags is
            /// absent where tags are optional. Integers are JSON integers within 64 bits.
            ///
            /// # Errors
            ///
            /// [`DecodeError`](crate::DecodeError) says what the body has wrong.
            pub fn decode(
                operation: $crate::Operation,
                body: &[u8],
            ) -> Result<Self, $crate::DecodeError> {
                match operation {
                    $($crate::Operation::$operation => {
                        $crate::decode::body(body).map(Self::$operation)
                    })+
                }
            }

            /// The members of a body that the operation does not know, such as `vlan` or
            /// `newPrivateVirtualInterface.color`: [`Request::decode`] ignores them. Empty for a body that
            /// is no JSON.
            #[must_use]
            pub fn unknown_members(
                operation: $crate::Operation,
                body: &[u8],
            ) -> Vec<String> {
                match operation {
                    $($crate::Operation::$operation => $crate::decode::unknown::<$input>(body),)+
                }
            }

            /// The operation that the request asks for.
            #[must_use]
            pub const fn operation(&self) -> $crate::Operation {
                match self {
                    $(Self::$operation(_) => $crate::Operation::$operation,)+
                }
            }
        }

        impl Response {
            /// The operation that the response answers.
            #[must_use]
            pub const fn operation(&self) -> $crate::Operation {
                match self {
                    $(Self::$operation(_) => $crate::Operation::$operation,)+
                }
            }

            /// The body of the response.
            #[must_use]
            pub fn to_json(&self) -> Vec<u8> {
                serde_json::to_vec(self)
                    .expect("responses are structures of numbers, strings and lists")
            }

            /// Reads a response, to compare it with what is written.
            #[cfg(test)]
            pub(crate) fn from_value(
                operation: $crate::Operation,
                value: serde_json::Value,
            ) -> serde_json::Result<Self> {
                match operation {
                    $($crate::Operation::$operation => {
                        serde_json::from_value(value).map(Self::$operation)
                    })+
                }
            }
        }

        /// Writes the input without the name of the operation.
        impl serde::Serialize for Request {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                match self {
                    $(Self::$operation(input) => input.serialize(serializer),)+
                }
            }
        }

        /// Writes the output without the name of the operation.
        impl serde::Serialize for Response {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                match self {
                    $(Self::$operation(output) => output.serialize(serializer),)+
                }
            }
        }
    };
}

pub(crate) use dispatch;

#[cfg(test)]
mod tests;
