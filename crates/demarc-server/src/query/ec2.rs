//! EC2: VPCs, virtual private gateways, transit gateways.

use demarc_auth::Service;
use demarc_control::ControlError;
use demarc_domain::neighbor::{self, Ec2Error, Ec2Request, Ec2Response};
use demarc_query::ec2;

use super::{Call, Outcome, Parsed, denied, refused};

pub(super) async fn answer(call: &Call<'_>, node: Parsed) -> Outcome {
    let read = node
        .map_err(ec2::Error::from)
        .and_then(|node| ec2::read(&node));
    let asked = match read {
        Ok(asked) => asked,
        Err(error) => return Outcome::new(400, error.to_xml(&call.id)),
    };
    let action = asked.request.name();
    if let Err(denial) = call.authorize(&format!("ec2:{action}")) {
        return denied(Service::Ec2, &denial, &call.id);
    }
    if let Err(error) = call.front.control.read().await {
        return unavailable(&error, &call.id);
    }
    let result = if asked.dry_run {
        try_only(call, &asked.request)
    } else {
        carry_out(call, asked.request).await
    };
    match result {
        Ok(Ok(response)) => Outcome::new(200, ec2::answer(action, &response, &call.id)),
        Ok(Err(error)) => Outcome::new(error.status(), ec2::refusal(&error, &call.id)),
        Err(error) => unavailable(&error, &call.id),
    }
}

type Decided = Result<Result<Ec2Response, Ec2Error>, ControlError>;

async fn carry_out(call: &Call<'_>, request: Ec2Request) -> Decided {
    let (account, region) = (call.caller.principal.account, call.caller.region);
    if request.is_read_only() {
        let snapshot = call.front.control.snapshot();
        let context = call.front.control.context(account, region);
        return Ok(neighbor::query(&snapshot.world, &context, &request));
    }
    let control = &call.front.control;
    control
        .submit(account, region, move |world, context| {
            neighbor::decide(world, context, &request)
        })
        .await
}

/// Decides on the present World and throws the decision away.
fn try_only(call: &Call<'_>, request: &Ec2Request) -> Decided {
    let snapshot = call.front.control.snapshot();
    let mut context = call
        .front
        .control
        .context(call.caller.principal.account, call.caller.region);
    Ok(neighbor::decide(&snapshot.world, &mut context, request).and(Err(Ec2Error::DryRun)))
}

fn unavailable(error: &ControlError, id: &str) -> Outcome {
    match error {
        ControlError::Unavailable(_) | ControlError::Stopped => {
            refused(Service::Ec2, "Unavailable", &error.to_string(), 503, id)
        }
        ControlError::Unknown(_) | ControlError::TooLarge(_) => {
            refused(Service::Ec2, "InternalError", &error.to_string(), 500, id)
        }
    }
}
