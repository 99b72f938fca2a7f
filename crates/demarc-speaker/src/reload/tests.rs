use std::sync::Arc;

use tokio::sync::mpsc;

use super::*;
use crate::message::{Door, NeighborIndex};
use crate::roster::Member;

/// A configuration with neighbors of this network, each with its own lines.
fn config(neighbors: &[(&str, &str)]) -> SpeakerConfig {
    let mut text =
        "asn = 64512\nrouter_id = \"10.0.0.1\"\nlisten = [\"10.0.0.1:179\"]\n".to_owned();
    for (address, lines) in neighbors {
        text += &format!("[[neighbor]]\naddress = \"{address}\"\nport = 179\n{lines}\n");
    }
    SpeakerConfig::parse("test", &text).unwrap()
}

fn roster(config: &SpeakerConfig) -> Roster {
    let member = |(place, config): (usize, &NeighborConfig)| Member {
        config: config.clone(),
        index: NeighborIndex(place),
        door: Door {
            inbox: mpsc::channel(1).0,
            turned_away: Arc::default(),
        },
    };
    Roster(config.neighbors.iter().enumerate().map(member).collect())
}

const PLAIN: &str = "asn = 65001";

#[test]
fn the_same_configuration_touches_nobody() {
    let config = config(&[("10.0.0.2", PLAIN), ("10.0.0.3", PLAIN)]);
    let difference = Difference::between(&roster(&config), &config);
    assert_eq!(difference.told, Reloaded::default());
    assert!(difference.ending.is_empty() && difference.beginning.is_empty());
}

#[test]
fn limits_and_policies_change_under_a_session_and_all_else_begins_it_anew() {
    for (lines, adjusted, restarted) in [
        ("asn = 65001\nprefix_limit = 7", 1, 0),
        ("asn = 65001\nsite_link = true", 1, 0),
        ("asn = 65001\nexport = \"none\"", 1, 0),
        ("asn = 65001\nlocal_region = false", 1, 0),
        ("asn = 65002", 0, 1),
        ("asn = 65001\npassword = \"secret12\"", 0, 1),
        ("asn = 65001\nbfd = true", 0, 1),
        ("asn = 65001\ninterface_kind = \"transit\"", 0, 1),
    ] {
        let before = config(&[("10.0.0.2", PLAIN), ("10.0.0.3", PLAIN)]);
        let after = config(&[("10.0.0.2", PLAIN), ("10.0.0.3", lines)]);
        let difference = Difference::between(&roster(&before), &after);
        let told = Reloaded {
            adjusted,
            restarted,
            ..Reloaded::default()
        };
        assert_eq!(difference.told, told, "{lines}");
    }
}

#[test]
fn a_roster_knows_whether_a_neighbor_has_a_key() {
    let without = config(&[("10.0.0.2", PLAIN)]);
    let with = config(&[("10.0.0.3", "asn = 65001\npassword = \"secret12\"")]);
    assert!(!roster(&without).has_key());
    assert!(roster(&with).has_key());
}

#[test]
fn neighbors_come_and_go() {
    let before = config(&[("10.0.0.2", PLAIN), ("10.0.0.3", PLAIN)]);
    let after = config(&[("10.0.0.4", PLAIN), ("10.0.0.3", PLAIN)]);
    let difference = Difference::between(&roster(&before), &after);
    assert_eq!(difference.ending, [0]);
    assert_eq!(difference.beginning, after.neighbors[..1]);
    assert_eq!((difference.told.added, difference.told.removed), (1, 1));
}

#[test]
fn what_all_sessions_hang_on_cannot_change() {
    let before = config(&[("10.0.0.2", PLAIN)]);
    let mut after = before.clone();
    after.router_id = "10.0.0.9".parse().unwrap();
    let refused = check_fixed(&before, &after).unwrap_err();
    let text = "router_id cannot change while the speaker runs; restart it";
    assert_eq!(refused.to_string(), text);
    assert!(check_fixed(&before, &before.clone()).is_ok());
}
