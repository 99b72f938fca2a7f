//! The service's clock.

use demarc_domain::Order;
use demarc_types::Span;
use serde::Deserialize;
use serde_json::json;

use super::body::read;
use super::{Problem, carry_out};
use crate::answer::Answer;
use crate::front::Front;

/// The farthest that one call can go, in seconds: a hundred years.
const FARTHEST: i64 = 100 * 366 * 86_400;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct AdvanceBody {
    seconds: f64,
}

/// Timers fire as if the time had passed; it cannot be taken back.
pub(super) async fn advance(front: &Front, body: &[u8]) -> Result<Answer, Problem> {
    let AdvanceBody { seconds } = read(body)?;
    #[expect(clippy::cast_precision_loss, reason = "the limit is far below 2^52")]
    let limit = FARTHEST as f64;
    if !(0.0..=limit).contains(&seconds) {
        let text = format!("seconds is {seconds}, but a number from 0 to {FARTHEST} is needed.");
        return Err(Problem::bad(text));
    }
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the number was checked to be small"
    )]
    let span = Span::from_millis((seconds * 1_000.0).round() as i64);
    carry_out(
        front,
        Order::AdvanceClock(span),
        json!({ "seconds": seconds }),
    )
    .await
}
