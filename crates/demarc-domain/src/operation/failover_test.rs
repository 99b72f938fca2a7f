//! BGP failover tests. Source: spec/operations §8, spec/states §11.

use demarc_api::{
    EpochSeconds, ListVirtualInterfaceTestHistoryRequest, ListVirtualInterfaceTestHistoryResponse,
    Operation, StartBgpFailoverTestRequest, StartBgpFailoverTestResponse,
    StopBgpFailoverTestRequest, StopBgpFailoverTestResponse, VirtualInterfaceTestHistory,
};
use demarc_types::{BgpPeerId, TestId};

use super::virtual_interface::{own, wrong_state};
use crate::context::Context;
use crate::entity::{EntityKey, FailoverTest, Session, TestStatus, VirtualInterface};
use crate::paging::{Page, Unasked};
use crate::refusal::Refusal;
use crate::transaction::Transaction;
use crate::world::World;
use crate::{input, state};

const DEFAULT_MINUTES: u32 = 180;

pub(crate) fn start(
    tx: &mut Transaction<'_>,
    input: &StartBgpFailoverTestRequest,
) -> Result<StartBgpFailoverTestResponse, Refusal> {
    input::virtual_interface(&input.virtual_interface_id)?;
    let given = input.bgp_peers.as_deref().unwrap_or_default();
    let asked = given
        .iter()
        .map(|id| input::bgp_peer(id))
        .collect::<Result<Vec<_>, _>>()?;
    let mut interface = own(tx, &input.virtual_interface_id)?.as_ref().clone();
    if interface.test.is_some() {
        return Err(Refusal::invalid(format!(
            "A failover test is already in progress for {}.",
            interface.id
        )));
    }
    if !matches!(
        state::virtual_interface(tx, &interface),
        "available" | "down" | "unknown"
    ) {
        return Err(wrong_state(tx, &interface));
    }
    let peers = chosen(&interface, &asked)?;
    let duration_minutes = duration(
        input.test_duration_in_minutes,
        tx.context.settings.quotas.failover_test_minutes,
    )?;
    let mut test = FailoverTest {
        id: tx.context.ids.failover_test(),
        virtual_interface: interface.id,
        owner: interface.owner,
        region: interface.region,
        peers,
        duration_minutes,
        started: tx.context.now,
        ended: None,
        status: TestStatus::InProgress,
    };
    // Nobody is there to carry it out (spec/states §11, `failed`).
    if state::silence(tx, interface.parent).is_some() {
        test.status = TestStatus::Failed;
        test.ended = Some(test.started);
        tx.put(test.clone());
        return Ok(StartBgpFailoverTestResponse {
            virtual_interface_test: Some(show(&test)),
        });
    }
    interface.test = Some(test.id);
    for peer in interface
        .peers
        .iter_mut()
        .filter(|peer| test.peers.contains(&peer.id))
    {
        if peer.session != Session::Down {
            peer.session_since = tx.context.now;
        }
        peer.session = Session::Down;
        peer.prefixes_received = 0;
    }
    tx.put(interface);
    tx.put(test.clone());
    Ok(StartBgpFailoverTestResponse {
        virtual_interface_test: Some(show(&test)),
    })
}

/// In minutes, up to `longest`.
fn duration(asked: Option<i64>, longest: u32) -> Result<u32, Refusal> {
    let Some(minutes) = asked else {
        return Ok(DEFAULT_MINUTES.min(longest));
    };
    u32::try_from(minutes)
        .ok()
        .filter(|_| (1..=i64::from(longest)).contains(&minutes))
        .ok_or_else(|| {
            Refusal::invalid(format!(
                "testDurationInMinutes {minutes} is not valid: 1 to {longest} are allowed."
            ))
        })
}

/// The peers asked for, all of them if none was.
fn chosen(interface: &VirtualInterface, asked: &[BgpPeerId]) -> Result<Vec<BgpPeerId>, Refusal> {
    let live: Vec<_> = interface.live_peers().map(|peer| peer.id).collect();
    if asked.is_empty() {
        return Ok(live);
    }
    match asked.iter().find(|id| !live.contains(id)) {
        Some(id) => Err(Refusal::invalid(format!(
            "BGP peer {id} does not belong to virtual interface {}.",
            interface.id
        ))),
        None => Ok(live.into_iter().filter(|id| asked.contains(id)).collect()),
    }
}

pub(crate) fn stop(
    tx: &mut Transaction<'_>,
    input: &StopBgpFailoverTestRequest,
) -> Result<StopBgpFailoverTestResponse, Refusal> {
    let interface = own(tx, &input.virtual_interface_id)?;
    let Some(test) = interface.test else {
        return Err(Refusal::invalid(format!(
            "No failover test is in progress for {}.",
            interface.id
        )));
    };
    let stopped = finish(tx, test, TestStatus::Cancelled);
    Ok(StopBgpFailoverTestResponse {
        virtual_interface_test: stopped.as_ref().map(show),
    })
}

/// Ends a running test and lets its peers come back.
pub(crate) fn finish(
    tx: &mut Transaction<'_>,
    id: TestId,
    status: TestStatus,
) -> Option<FailoverTest> {
    let mut test = tx.failover_test(id)?.as_ref().clone();
    test.status = status;
    test.ended = Some(tx.context.now.min(test.ends()).max(test.started));
    tx.put(test.clone());
    if let Some(interface) = tx.virtual_interface(test.virtual_interface) {
        let mut interface = interface.as_ref().clone();
        interface.test = None;
        tx.put(interface);
    }
    Some(test)
}

/// Fires the deadline of a test: its end, or the end of its place in the history.
pub(crate) fn step(tx: &mut Transaction<'_>, test: &FailoverTest) {
    match test.status {
        TestStatus::InProgress => {
            finish(tx, test.id, TestStatus::Completed);
        }
        TestStatus::Completed | TestStatus::Cancelled | TestStatus::Failed => {
            tx.remove(EntityKey::FailoverTest(test.id));
        }
    }
}

fn show(test: &FailoverTest) -> VirtualInterfaceTestHistory {
    VirtualInterfaceTestHistory {
        test_id: Some(test.id.to_string()),
        virtual_interface_id: Some(test.virtual_interface.to_string()),
        bgp_peers: Some(test.peers.iter().map(ToString::to_string).collect()),
        status: Some(test.status.as_str().to_owned()),
        owner_account: Some(test.owner.to_string()),
        test_duration_in_minutes: Some(i64::from(test.duration_minutes)),
        start_time: Some(EpochSeconds::from_milliseconds(test.started.millis())),
        end_time: test
            .ended
            .map(|ended| EpochSeconds::from_milliseconds(ended.millis())),
    }
}

/// The caller's own tests, newest first; all filters apply.
pub(crate) fn list(
    world: &World,
    context: &Context,
    input: &ListVirtualInterfaceTestHistoryRequest,
) -> Result<ListVirtualInterfaceTestHistoryResponse, Refusal> {
    let id = input
        .test_id
        .as_deref()
        .map(input::failover_test)
        .transpose()?;
    let interface = input
        .virtual_interface_id
        .as_deref()
        .map(input::virtual_interface)
        .transpose()?;
    let given = input.bgp_peers.as_deref().unwrap_or_default();
    let peers = given
        .iter()
        .map(|id| input::bgp_peer(id))
        .collect::<Result<Vec<_>, _>>()?;
    // An empty filter is none; an empty id is malformed (spec/protocol §4).
    let status = input.status.as_deref().filter(|text| !text.is_empty());
    let status = status.map(fold_status);
    // A test that is named is no list: how to go through one is then ignored (spec/protocol §5).
    let (max_results, next_token) = match id {
        Some(_) => (None, None),
        None => (input.max_results, input.next_token.as_deref()),
    };
    let page = Page::read(
        world,
        context,
        Operation::ListVirtualInterfaceTestHistory,
        &[
            input.virtual_interface_id.as_deref().unwrap_or_default(),
            &given.join(","),
            status.as_deref().unwrap_or_default(),
        ],
        max_results,
        next_token,
        Unasked::Everything,
    )?;
    let wanted = |test: &FailoverTest| {
        is_shown(world, test)
            && id.is_none_or(|id| test.id == id)
            && interface.is_none_or(|interface| test.virtual_interface == interface)
            && (peers.is_empty() || peers.iter().any(|peer| test.peers.contains(peer)))
            && status
                .as_deref()
                .is_none_or(|status| test.status.as_str() == status)
    };
    let mut tests: Vec<_> = world
        .failover_tests_of(context.account, context.region)
        .filter(|test| wanted(test))
        .collect();
    tests.sort_by_key(|test| std::cmp::Reverse((test.started, test.id)));
    if let Some(position) = page.position::<TestId>()? {
        tests.retain(|test| (test.started, test.id) < position);
    }
    let (tests, next_token) = page.take(tests.into_iter(), |last| {
        (last.started, last.id.to_string())
    });
    let history = tests.into_iter().map(|test| show(test)).collect();
    Ok(ListVirtualInterfaceTestHistoryResponse {
        virtual_interface_test_history: Some(history),
        next_token,
    })
}

/// The history of a virtual interface goes with it, as soon as its deletion begins (spec/states §11).
fn is_shown(world: &World, test: &FailoverTest) -> bool {
    world
        .virtual_interface(test.virtual_interface)
        .is_some_and(|interface| interface.is_live())
}

/// Case, blanks, hyphens and underscores do not count in the status filter (spec/states §11).
fn fold_status(text: &str) -> String {
    text.chars()
        .map(|letter| {
            if matches!(letter, ' ' | '-') {
                '_'
            } else {
                letter.to_ascii_lowercase()
            }
        })
        .collect()
}

/// The peers of a virtual interface that a running test holds down.
pub(crate) fn held_down(world: &World, interface: &VirtualInterface) -> Vec<BgpPeerId> {
    let test = interface
        .test
        .and_then(|id: TestId| world.failover_test(id));
    test.map(|test| test.peers.clone()).unwrap_or_default()
}
