//! How connections are paid for: stored and shown, never charged. Source: spec/api-2026 §3.

use demarc_api::{UpdateConnectionsBillingModeRequest, UpdateConnectionsBillingModeResponse};
use demarc_types::{Bandwidth, LagId, Span, Timestamp};

use super::connection::show;
use crate::entity::Connection;
use crate::parent::own_connection;
use crate::refusal::Refusal;
use crate::state;
use crate::transaction::Transaction;

/// The mode of whoever chose none.
pub(crate) const PAY_AS_YOU_GO: &str = "PayAsYouGo";
/// How far back changes of mode count.
const WINDOW: Span = Span::from_days(183);

/// Flat rates are for ports of 10 and 100 Gbit/s only.
pub(super) fn is_offered(mode: &str, bandwidth: Bandwidth) -> bool {
    mode == PAY_AS_YOU_GO || matches!(bandwidth.megabits(), 10_000 | 100_000)
}

/// Refuses a mode that is not offered for a speed; `None` is pay as you go.
pub(super) fn check_speed(mode: Option<&str>, bandwidth: Bandwidth) -> Result<(), Refusal> {
    match mode {
        Some(mode) if !is_offered(mode, bandwidth) => Err(Refusal::invalid(format!(
            "Billing mode {mode} is not available for {bandwidth}: flat rates are for 10Gbps and 100Gbps."
        ))),
        _ => Ok(()),
    }
}

/// Changes the mode of all connections named, or of none. A member of a LAG takes the LAG and its other
/// members along, which share one mode.
pub(crate) fn update(
    tx: &mut Transaction<'_>,
    input: &UpdateConnectionsBillingModeRequest,
) -> Result<UpdateConnectionsBillingModeResponse, Refusal> {
    let mode = input.billing_mode.as_str();
    let mut named: Vec<Connection> = Vec::new();
    for id in &input.connection_ids {
        let connection = own_connection(tx, id)?;
        if named.iter().all(|earlier| earlier.id != connection.id) {
            named.push(connection.as_ref().clone());
        }
    }
    for connection in &named {
        check_kind(tx, connection)?;
        check_speed(Some(mode), connection.bandwidth)?;
    }
    for connection in &named {
        change(tx, connection, mode)?;
    }
    Ok(UpdateConnectionsBillingModeResponse {
        billing_mode: mode.parse().ok(),
        connections: Some(
            named
                .iter()
                .map(|connection| show(tx, connection))
                .collect(),
        ),
    })
}

/// Only dedicated connections have a mode: of a hosted one the partner pays for the port.
fn check_kind(tx: &Transaction<'_>, connection: &Connection) -> Result<(), Refusal> {
    if connection.is_hosted() || connection.is_interconnect() {
        return Err(Refusal::invalid(format!(
            "Connection {} is not a dedicated connection and has no billing mode to change.",
            connection.id
        )));
    }
    if !connection.is_live() {
        return Err(Refusal::ConnectionNotAvailable {
            id: connection.id.to_string(),
            state: state::connection(tx, connection),
        });
    }
    Ok(())
}

fn change(tx: &mut Transaction<'_>, connection: &Connection, mode: &str) -> Result<(), Refusal> {
    match connection.lag {
        None => change_one(tx, connection, mode),
        Some(lag) => change_lag(tx, lag, mode),
    }
}

fn change_lag(tx: &mut Transaction<'_>, id: LagId, mode: &str) -> Result<(), Refusal> {
    let members: Vec<Connection> = tx
        .members(id)
        .map(|member| member.as_ref().clone())
        .collect();
    for member in members {
        change_one(tx, &member, mode)?;
    }
    if let Some(lag) = tx.lag(id).cloned() {
        let mut lag = lag.as_ref().clone();
        lag.billing_mode = stored(mode);
        tx.put(lag);
    }
    Ok(())
}

/// Changes one connection; a change to what it has already is none and does not count.
fn change_one(
    tx: &mut Transaction<'_>,
    connection: &Connection,
    mode: &str,
) -> Result<(), Refusal> {
    let connection = tx
        .connection(connection.id)
        .map_or(connection, |now| now.as_ref());
    if connection.billing_mode.as_deref().unwrap_or(PAY_AS_YOU_GO) == mode {
        return Ok(());
    }
    let now = tx.context.now;
    let limit = tx.context.settings.quotas.billing_mode_changes;
    let mut next = connection.clone();
    next.billing_changes
        .retain(|at: &Timestamp| *at + WINDOW > now);
    if next.billing_changes.len() >= limit {
        return Err(Refusal::invalid(format!(
            "The billing mode of connection {} was changed {limit} times in the last six months and cannot be changed now.",
            next.id
        )));
    }
    next.billing_changes.push(now);
    next.billing_mode = stored(mode);
    tx.put(next);
    Ok(())
}

fn stored(mode: &str) -> Option<String> {
    (mode != PAY_AS_YOU_GO).then(|| mode.to_owned())
}

#[cfg(test)]
mod tests;
