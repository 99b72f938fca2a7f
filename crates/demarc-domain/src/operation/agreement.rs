//! Agreements that customers sign, and what sort of partner an account is. Source: spec/operations §10.

use demarc_api::{
    ConfirmCustomerAgreementRequest, ConfirmCustomerAgreementResponse, CustomerAgreement,
    DescribeCustomerMetadataResponse, NniPartnerType,
};

use crate::context::Context;
use crate::entity::Customer;
use crate::refusal::Refusal;
use crate::settings::PartnerType;
use crate::transaction::Transaction;
use crate::world::World;

const SIGNED: &str = "signed";
const UNSIGNED: &str = "unsigned";

pub(crate) fn describe(world: &World, context: &Context) -> DescribeCustomerMetadataResponse {
    let signed = |name: &String| {
        world
            .customer(context.account)
            .is_some_and(|customer| customer.signed_agreements.contains(name))
    };
    let agreements = context.settings.agreements.iter();
    let partner = context.settings.accounts.partner_type(context.account);
    DescribeCustomerMetadataResponse {
        agreements: Some(
            agreements
                .map(|name| CustomerAgreement {
                    agreement_name: Some(name.clone()),
                    status: Some(if signed(name) { SIGNED } else { UNSIGNED }.to_owned()),
                })
                .collect(),
        ),
        nni_partner_type: Some(match partner {
            PartnerType::NonPartner => NniPartnerType::NonPartner,
            PartnerType::V1 => NniPartnerType::V1,
            PartnerType::V2 => NniPartnerType::V2,
        }),
    }
}

/// Signs one agreement, or all when none is named. Signing again changes nothing.
pub(crate) fn confirm(
    tx: &mut Transaction<'_>,
    input: &ConfirmCustomerAgreementRequest,
) -> Result<ConfirmCustomerAgreementResponse, Refusal> {
    let known = &tx.context.settings.agreements;
    let signing: Vec<String> = match &input.agreement_name {
        None => known.clone(),
        Some(name) if known.contains(name) => vec![name.clone()],
        Some(name) => {
            return Err(Refusal::invalid(format!(
                "Agreement {name} does not exist."
            )));
        }
    };
    let account = tx.context.account;
    let mut customer = tx.customer(account).map_or_else(
        || Customer {
            account,
            signed_agreements: Vec::new(),
        },
        |customer| customer.as_ref().clone(),
    );
    for name in signing {
        if !customer.signed_agreements.contains(&name) {
            customer.signed_agreements.push(name);
        }
    }
    if !customer.signed_agreements.is_empty() {
        tx.put(customer);
    }
    Ok(ConfirmCustomerAgreementResponse {
        status: Some(SIGNED.to_owned()),
    })
}

#[cfg(test)]
mod tests;
