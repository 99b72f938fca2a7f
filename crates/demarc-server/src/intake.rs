//! Taking in the body of a request, up to a limit.

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::body::Body;

/// Why there is no body.
#[derive(Debug)]
pub(crate) enum Refused {
    TooLarge,
    /// The client went away or does not keep to HTTP.
    Broken(String),
}

/// So many bytes behind the limit are still read and thrown away: a client that is cut off while it sends
/// sees a reset instead of the answer.
const DISCARDED: usize = 16 << 20;

/// The whole body. `waits` says that the client asked with `Expect: 100-continue` before it sends.
pub(crate) async fn read<B>(mut body: B, limit: usize, waits: bool) -> Result<Bytes, Refused>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: std::fmt::Display,
{
    let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    let most = limit.saturating_add(DISCARDED);
    if announced > most || (waits && announced > limit) {
        return Err(Refused::TooLarge);
    }
    let mut first = Bytes::new();
    let mut rest = BytesMut::new();
    let mut size = 0_usize;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| Refused::Broken(error.to_string()))?;
        let Ok(data) = frame.into_data() else {
            continue;
        };
        size = size.saturating_add(data.len());
        if size > most {
            return Err(Refused::TooLarge);
        }
        if size > limit {
            (first, rest) = (Bytes::new(), BytesMut::new());
        } else if size == data.len() {
            // Nearly every body arrives in one piece, which need not be copied.
            first = data;
        } else {
            rest.extend_from_slice(&std::mem::take(&mut first));
            rest.extend_from_slice(&data);
        }
    }
    match size > limit {
        true => Err(Refused::TooLarge),
        false if rest.is_empty() => Ok(first),
        false => Ok(rest.freeze()),
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::Full;
    use hyper::body::Frame;

    use super::*;

    /// A body in pieces, whose size nobody announced.
    struct Pieces(Vec<Bytes>);

    impl Body for Pieces {
        type Data = Bytes;
        type Error = std::convert::Infallible;

        fn poll_frame(
            mut self: std::pin::Pin<&mut Self>,
            _: &mut std::task::Context<'_>,
        ) -> std::task::Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
            let next = (!self.0.is_empty()).then(|| self.0.remove(0));
            std::task::Poll::Ready(next.map(|data| Ok(Frame::data(data))))
        }
    }

    fn pieces(sizes: &[usize]) -> Pieces {
        let piece = |size: &usize| Bytes::from(vec![b'x'; *size]);
        Pieces(sizes.iter().map(piece).collect())
    }

    #[tokio::test]
    async fn bodies_up_to_the_limit_arrive_whole() {
        for sizes in [&[][..], &[10], &[4, 6], &[0, 3, 0, 7], &[1; 10]] {
            let body = read(pieces(sizes), 10, false).await.unwrap();
            assert_eq!(body.len(), sizes.iter().sum::<usize>(), "{sizes:?}");
        }
    }

    #[tokio::test]
    async fn larger_bodies_are_refused() {
        for sizes in [
            &[11][..],
            &[4, 7],
            &[20, 1, 1],
            &[5, 5, 1],
            &[DISCARDED, 30],
        ] {
            let refused = read(pieces(sizes), 10, false).await.unwrap_err();
            assert!(matches!(refused, Refused::TooLarge), "{sizes:?}");
        }
    }

    #[tokio::test]
    async fn a_client_that_asks_first_is_told_before_it_sends() {
        let refused = read(Full::from("a long body"), 10, true).await;
        assert!(matches!(refused, Err(Refused::TooLarge)));
    }
}
