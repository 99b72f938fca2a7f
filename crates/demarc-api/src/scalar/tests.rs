use super::{Blob, EpochSeconds, STANDARD};
use base64::Engine as _;
use serde::de::{Deserialize, Deserializer, Error};

/// The inverse of serialisation, so that whole responses can be read back.
impl<'de> Deserialize<'de> for EpochSeconds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = serde_json::Number::deserialize(deserializer)?.to_string();
        let (seconds, fraction) = number.split_once('.').unwrap_or((&number, "0"));
        let seconds: i64 = seconds.parse().map_err(D::Error::custom)?;
        let milliseconds: i64 = format!("{fraction:0<3}")
            .parse()
            .map_err(D::Error::custom)?;
        Ok(Self(seconds * 1000 + milliseconds))
    }
}

impl<'de> Deserialize<'de> for Blob {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        STANDARD.decode(text).map(Self).map_err(D::Error::custom)
    }
}

#[test]
fn whole_seconds_are_integers_on_the_wire() {
    for (time, expected) in [
        (EpochSeconds::from_seconds(1_580_000_000), "1580000000"),
        (EpochSeconds::from_seconds(0), "0"),
        (
            EpochSeconds::from_milliseconds(1_580_000_000_123),
            "1580000000.123",
        ),
        (EpochSeconds::from_milliseconds(1_500), "1.5"),
        (EpochSeconds::from_milliseconds(-1), "-0.001"),
        (EpochSeconds::from_milliseconds(1), "0.001"),
    ] {
        assert_eq!(serde_json::to_string(&time).unwrap(), expected, "{time:?}");
    }
}

#[test]
fn blobs_are_padded_base64_and_hidden_in_debug() {
    let blob = Blob(b"%PDF-1.4".to_vec());
    assert_eq!(serde_json::to_string(&blob).unwrap(), r#""JVBERi0xLjQ=""#);
    assert_eq!(format!("{blob:?}"), "Blob(8 bytes)");
}
