//! The hosted flow between two accounts, with the AWS SDK for Rust: `DEMARC_URL` says where the service is.
//! Ends with status 0 when every answer was as the SDK's own types and the specification want it.

use std::time::Duration;

use aws_sdk_directconnect::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_directconnect::error::ProvideErrorMetadata;
use aws_sdk_directconnect::operation::RequestId;
use aws_sdk_directconnect::types::{
    BgpPeerState, BgpStatus, ConnectionState, DirectConnectGatewayState,
    NewPrivateVirtualInterfaceAllocation, VirtualInterface, VirtualInterfaceState,
};
use aws_sdk_directconnect::{Client, Config};

type Result<T = ()> = std::result::Result<T, Box<dyn std::error::Error>>;

/// Longer than anything takes with a settle time of a second.
const PATIENCE: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(50);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result {
    let url = std::env::var("DEMARC_URL")?;
    // The process id keeps two runs against one service apart.
    let number = std::process::id() % 1_000_000;
    let partner = account(&url, &format!("810000{number:06}"));
    let customer_id = format!("820000{number:06}");
    let customer = account(&url, &customer_id);
    let stranger = account(&url, &format!("830000{number:06}"));

    let [first, second] = [
        port(&partner, "first").await?,
        port(&partner, "second").await?,
    ];
    let gateway = gateway(&customer).await?;
    let vif = allocate(&partner, &first, &customer_id).await?;
    nobody_else_sees_it(&stranger, &vif).await?;
    confirm(&customer, &vif, &gateway).await?;
    move_to(&partner, &customer, &vif, &second).await?;
    fail_over(&customer, &vif).await?;
    delete(&customer, &vif).await?;
    println!("the hosted flow is whole");
    Ok(())
}

fn account(url: &str, number: &str) -> Client {
    let http = aws_smithy_http_client::Builder::new().build_http();
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::from_keys(number, "anything", None))
        .endpoint_url(url)
        .http_client(http)
        .build();
    Client::from_conf(config)
}

/// An available port of the partner.
async fn port(partner: &Client, name: &str) -> Result<String> {
    let made = partner
        .create_connection()
        .location("EqDC2")
        .bandwidth("10Gbps")
        .connection_name(name)
        .send()
        .await?;
    assert!(made.request_id().is_some(), "answers are numbered");
    assert_eq!(made.connection_state(), Some(&ConnectionState::Requested));
    assert_eq!((made.vlan(), made.lag_id()), (0, None), "left out");
    let id = made.connection_id().expect("an id").to_owned();
    until(async || {
        let shown = partner
            .describe_connections()
            .connection_id(&id)
            .send()
            .await?;
        Ok(shown.connections()[0].connection_state() == Some(&ConnectionState::Available))
    })
    .await?;
    Ok(id)
}

async fn gateway(customer: &Client) -> Result<String> {
    let made = customer
        .create_direct_connect_gateway()
        .direct_connect_gateway_name("edge")
        .amazon_side_asn(64_600)
        .send()
        .await?;
    let made = made.direct_connect_gateway().expect("a gateway");
    let id = made.direct_connect_gateway_id().expect("an id").to_owned();
    until(async || {
        let shown = customer
            .describe_direct_connect_gateways()
            .direct_connect_gateway_id(&id)
            .send()
            .await?;
        let state = shown.direct_connect_gateways()[0].direct_connect_gateway_state();
        Ok(state == Some(&DirectConnectGatewayState::Available))
    })
    .await?;
    Ok(id)
}

async fn allocate(partner: &Client, port: &str, customer: &str) -> Result<String> {
    let new = NewPrivateVirtualInterfaceAllocation::builder()
        .virtual_interface_name("hosted")
        .vlan(101)
        .asn(65_010)
        .build()?;
    let own = partner
        .describe_connections()
        .connection_id(port)
        .send()
        .await?;
    let own = own.connections()[0]
        .owner_account()
        .expect("an owner")
        .to_owned();
    let refused = partner
        .allocate_private_virtual_interface()
        .connection_id(port)
        .owner_account(own)
        .new_private_virtual_interface_allocation(new.clone())
        .send()
        .await
        .expect_err("nobody hosts for themselves")
        .into_service_error();
    assert!(refused.is_direct_connect_client_exception(), "{refused:?}");
    assert_eq!(
        refused.message(),
        Some("Cannot allocate VirtualInterface for the connection owner.")
    );
    let made = partner
        .allocate_private_virtual_interface()
        .connection_id(port)
        .owner_account(customer)
        .new_private_virtual_interface_allocation(new)
        .send()
        .await?;
    assert_eq!(
        made.virtual_interface_state(),
        Some(&VirtualInterfaceState::Confirming)
    );
    assert_eq!(made.owner_account(), Some(customer));
    assert_eq!(
        (made.virtual_gateway_id(), made.direct_connect_gateway_id()),
        (Some(""), Some(""))
    );
    assert_eq!(
        (made.vlan(), made.asn(), made.mtu()),
        (101, 65_010, Some(1_500))
    );
    Ok(made.virtual_interface_id().expect("an id").to_owned())
}

async fn nobody_else_sees_it(stranger: &Client, vif: &str) -> Result {
    assert!(show(stranger, vif).await?.is_none());
    let refused = stranger
        .delete_virtual_interface()
        .virtual_interface_id(vif)
        .send()
        .await
        .expect_err("a stranger deletes nothing")
        .into_service_error();
    assert!(refused.is_direct_connect_client_exception(), "{refused:?}");
    assert!(
        refused
            .message()
            .is_some_and(|text| text.contains("does not exist"))
    );
    Ok(())
}

async fn confirm(customer: &Client, vif: &str, gateway: &str) -> Result {
    let confirmed = customer
        .confirm_private_virtual_interface()
        .virtual_interface_id(vif)
        .direct_connect_gateway_id(gateway)
        .send()
        .await?;
    assert_eq!(
        confirmed.virtual_interface_state(),
        Some(&VirtualInterfaceState::Pending)
    );
    let up = reach(customer, vif, VirtualInterfaceState::Available).await?;
    assert_eq!(up.direct_connect_gateway_id(), Some(gateway));
    assert_eq!(up.amazon_side_asn(), Some(64_600));
    let [peer] = up.bgp_peers() else {
        panic!("one peer: {:?}", up.bgp_peers());
    };
    assert_eq!(peer.bgp_peer_state(), Some(&BgpPeerState::Available));
    assert_eq!(peer.bgp_status(), Some(&BgpStatus::Up));
    Ok(())
}

async fn move_to(partner: &Client, customer: &Client, vif: &str, port: &str) -> Result {
    let moved = partner
        .associate_virtual_interface()
        .virtual_interface_id(vif)
        .connection_id(port)
        .send()
        .await?;
    assert_eq!(moved.connection_id(), Some(port));
    assert_eq!(
        moved.virtual_interface_state(),
        Some(&VirtualInterfaceState::Pending)
    );
    let states: Vec<_> = moved
        .bgp_peers()
        .iter()
        .filter_map(|peer| peer.bgp_peer_state())
        .collect();
    assert_eq!(states, [&BgpPeerState::Deleting, &BgpPeerState::Pending]);
    let up = reach(customer, vif, VirtualInterfaceState::Available).await?;
    assert_eq!((up.connection_id(), up.bgp_peers().len()), (Some(port), 1));
    Ok(())
}

async fn fail_over(customer: &Client, vif: &str) -> Result {
    let started = customer
        .start_bgp_failover_test()
        .virtual_interface_id(vif)
        .test_duration_in_minutes(10)
        .send()
        .await?;
    let test = started.virtual_interface_test().expect("a test");
    assert_eq!(test.test_duration_in_minutes(), Some(10));
    assert!(test.start_time().is_some() && test.end_time().is_none());
    let testing = reach(customer, vif, VirtualInterfaceState::Testing).await?;
    assert_eq!(testing.bgp_peers()[0].bgp_status(), Some(&BgpStatus::Down));
    let stopped = customer
        .stop_bgp_failover_test()
        .virtual_interface_id(vif)
        .send()
        .await?;
    let stopped = stopped.virtual_interface_test().expect("the test");
    assert_eq!(
        (stopped.test_id(), stopped.status()),
        (test.test_id(), Some("cancelled"))
    );
    reach(customer, vif, VirtualInterfaceState::Available).await?;
    let history = customer
        .list_virtual_interface_test_history()
        .virtual_interface_id(vif)
        .send()
        .await?;
    assert_eq!(history.virtual_interface_test_history().len(), 1);
    Ok(())
}

async fn delete(customer: &Client, vif: &str) -> Result {
    let deleted = customer
        .delete_virtual_interface()
        .virtual_interface_id(vif)
        .send()
        .await?;
    assert_eq!(
        deleted.virtual_interface_state(),
        Some(&VirtualInterfaceState::Deleting)
    );
    reach(customer, vif, VirtualInterfaceState::Deleted).await?;
    Ok(())
}

async fn show(account: &Client, vif: &str) -> Result<Option<VirtualInterface>> {
    let shown = account
        .describe_virtual_interfaces()
        .virtual_interface_id(vif)
        .send()
        .await?;
    Ok(shown.virtual_interfaces().first().cloned())
}

/// The virtual interface, once it is in this state.
async fn reach(
    account: &Client,
    vif: &str,
    state: VirtualInterfaceState,
) -> Result<VirtualInterface> {
    let mut found = None;
    until(async || {
        found = show(account, vif).await?;
        let seen = found
            .as_ref()
            .and_then(|found| found.virtual_interface_state());
        Ok(seen == Some(&state))
    })
    .await?;
    Ok(found.expect("it was just seen"))
}

/// Asks again and again until the answer is yes.
async fn until(mut asked: impl AsyncFnMut() -> Result<bool>) -> Result {
    let patience = tokio::time::sleep(PATIENCE);
    tokio::pin!(patience);
    while !asked().await? {
        tokio::select! {
            () = &mut patience => return Err("it took too long".into()),
            () = tokio::time::sleep(PAUSE) => {}
        }
    }
    Ok(())
}
