//! Letters of authorization. Source: spec/operations §10, spec/documents §1.

use std::sync::Arc;

use demarc_api::{
    Blob, DescribeConnectionLoaRequest, DescribeConnectionLoaResponse,
    DescribeInterconnectLoaRequest, DescribeInterconnectLoaResponse, DescribeLoaRequest, Loa,
    LoaContentType,
};
use demarc_documents::PortSpeed;
use demarc_documents::loa::{Assignment, Facility, Letter, Operator, Paper, Requester, render};
use demarc_types::{LagId, ParentId};
use sha2::{Digest, Sha256};

use crate::entity::{Connection, ConnectionPhase};
use crate::parent::{own_connection, own_lag};
use crate::refusal::Refusal;
use crate::transaction::Transaction;
use crate::{input, inventory, state};

pub(crate) fn describe(
    tx: &mut Transaction<'_>,
    input: &DescribeLoaRequest,
) -> Result<Loa, Refusal> {
    let id = input::connection_or_lag(&input.connection_id)?;
    issue(tx, id, input.provider_name.as_deref())
}

/// The older form, which wraps the letter.
pub(crate) fn describe_connection(
    tx: &mut Transaction<'_>,
    input: &DescribeConnectionLoaRequest,
) -> Result<DescribeConnectionLoaResponse, Refusal> {
    let id = input::connection_or_lag(&input.connection_id)?;
    let loa = issue(tx, id, input.provider_name.as_deref())?;
    Ok(DescribeConnectionLoaResponse { loa: Some(loa) })
}

/// The older form for interconnects. All letters are refused in the same words (spec/operations §2.2).
pub(crate) fn describe_interconnect(
    tx: &mut Transaction<'_>,
    input: &DescribeInterconnectLoaRequest,
) -> Result<DescribeInterconnectLoaResponse, Refusal> {
    let found = own_connection(tx, &input.interconnect_id)?;
    if !found.is_interconnect() {
        return Err(Refusal::ConnectionNotFound(input.interconnect_id.clone()));
    }
    let id = ParentId::Connection(found.id);
    let loa = issue(tx, id, input.provider_name.as_deref())?;
    Ok(DescribeInterconnectLoaResponse { loa: Some(loa) })
}

/// Writes the letter and notes on its ports when that was.
fn issue(
    tx: &mut Transaction<'_>,
    id: ParentId,
    provider_name: Option<&str>,
) -> Result<Loa, Refusal> {
    input::provider_name(provider_name)?;
    let ports = match id {
        ParentId::Connection(_) => vec![single(tx, id)?],
        ParentId::Lag(lag) => members(tx, lag)?,
    };
    let letter = letter(tx, &ports, provider_name)
        .ok_or_else(|| Refusal::LetterNotAvailable(id.to_string()))?;
    let content = render(&letter).map_err(|_| Refusal::LetterNotAvailable(id.to_string()))?;
    for mut port in ports {
        port.loa_issued = Some(tx.context.now);
        tx.put(port);
    }
    Ok(Loa {
        loa_content: Some(Blob(content)),
        loa_content_type: Some(LoaContentType::ApplicationPdf),
    })
}

/// Approved, and not on the way out.
fn has_letter(port: &Connection) -> bool {
    matches!(
        port.phase,
        ConnectionPhase::Pending { .. } | ConnectionPhase::Live
    ) && !port.is_hosted()
}

fn single(tx: &Transaction<'_>, id: ParentId) -> Result<Connection, Refusal> {
    let port = own_connection(tx, &id.to_string())?;
    if port.is_hosted() {
        return Err(Refusal::invalid(format!(
            "The LOA-CFA for {id} is not yet available. A hosted connection has none: that of its interconnect counts."
        )));
    }
    if !has_letter(port) {
        return Err(Refusal::LetterNotAvailable(id.to_string()));
    }
    Ok(port.as_ref().clone())
}

/// The members that are approved but not up; all that are approved when every one is up.
fn members(tx: &Transaction<'_>, id: LagId) -> Result<Vec<Connection>, Refusal> {
    let lag = own_lag(tx, &id.to_string())?;
    let approved: Vec<&Arc<Connection>> = tx
        .members(lag.id)
        .filter(|member| has_letter(member))
        .collect();
    let waiting: Vec<&Arc<Connection>> = approved
        .iter()
        .copied()
        .filter(|member| !state::port_is_up(tx, member))
        .collect();
    let chosen = if waiting.is_empty() {
        approved
    } else {
        waiting
    };
    if chosen.is_empty() {
        return Err(Refusal::LetterNotAvailable(id.to_string()));
    }
    Ok(chosen
        .into_iter()
        .map(|member| member.as_ref().clone())
        .collect())
}

/// The letter for these ports, which are of one owner at one location and of one LAG, if any; `None`
/// without ports.
fn letter(
    tx: &Transaction<'_>,
    ports: &[Connection],
    provider_name: Option<&str>,
) -> Option<Letter> {
    let first = ports.first()?;
    let settings = &tx.context.settings;
    let operator = &settings.operator;
    let location = inventory::location(tx, first.region, first.location.as_str());
    let facility = location.map_or_else(
        || Facility {
            code: first.location.to_string(),
            ..Facility::default()
        },
        |location| Facility {
            name: location.name.clone(),
            code: location.code.to_string(),
            address: location.street_address.clone(),
            room: "Meet-me room".to_owned(),
        },
    );
    Some(Letter {
        paper: if operator.us_letter {
            Paper::UsLetter
        } else {
            Paper::A4
        },
        issued_at: tx.context.now.millis().div_euclid(1_000),
        operator: Operator {
            name: operator.name.clone(),
            address: operator.address.clone(),
            noc_email: operator.email.clone(),
            noc_phone: operator.phone.clone(),
            signatory_name: String::new(),
            signatory_title: "Interconnection desk".to_owned(),
        },
        requester: Requester {
            company: settings.accounts.name(first.owner),
            account_id: first.owner.to_string(),
        },
        provider_name: provider_name
            .or(first.provider_name.as_deref())
            .unwrap_or_default()
            .to_owned(),
        facility,
        lag_id: first.lag.map(|lag| lag.to_string()).unwrap_or_default(),
        assignments: ports.iter().filter_map(assignment).collect(),
    })
}

/// Where the port is on the patch panel. The fabric that will pull the fibres is not known here, so the
/// place follows from the device and the connection's id: it is the same in every letter.
fn assignment(port: &Connection) -> Option<Assignment> {
    let device = port.device.clone()?;
    let rack_of = Sha256::digest(device.as_bytes());
    let place_of = Sha256::digest(format!("{device}/{}", port.id));
    let number = |bytes: &[u8], count: u8| u32::from(bytes[0] % count) + 1;
    let rack = number(&rack_of, 40);
    let panel = number(&place_of, 16);
    let panel_port = number(&place_of[1..], 24);
    let (transmit, receive) = (panel_port * 2 - 1, panel_port * 2);
    Some(Assignment {
        connection_id: port.id.to_string(),
        connection_name: port.name.clone(),
        circuit_id: format!(
            "{}-{}",
            port.location,
            port.id.suffix().to_ascii_uppercase()
        ),
        rack: format!("R{rack:02}"),
        patch_panel: format!("PP-R{rack:02}-{panel:02}"),
        panel_ports: panel_port.to_string(),
        strands: format!("Tx {transmit} / Rx {receive}"),
        connector: "LC".to_owned(),
        port_speed: PortSpeed::from_bandwidth(port.bandwidth.as_str())?,
        mac_sec_capable: port.mac_sec.is_some(),
        device,
    })
}

#[cfg(test)]
mod tests;
