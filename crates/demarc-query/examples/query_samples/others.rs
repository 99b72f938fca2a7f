use demarc_domain::neighbor::Ec2Error;
use demarc_query::{ec2, iam, sts};
use demarc_types::Timestamp;

const TIME: Timestamp = Timestamp::from_millis(1_769_860_800_123);
const REQUEST_ID: &str = "11111111-2222-3333-4444-555555555555";

/// The answers of STS and IAM, and a refusal by each service.
pub(crate) fn documents() -> Vec<(&'static str, &'static str, u16, Vec<u8>)> {
    let identity = sts::Response::GetCallerIdentity {
        user_id: "AIDAEXAMPLE".to_owned(),
        account: "111122223333".to_owned(),
        arn: "arn:aws:iam::111122223333:user/alice".to_owned(),
    };
    let session = sts::Response::AssumeRole(sts::AssumedRoleView {
        access_key_id: "ASIAEXAMPLE".to_owned(),
        secret_access_key: "secret/+=".to_owned(),
        session_token: "token/+=".to_owned(),
        expiration: TIME,
        assumed_role_id: "AROAEXAMPLE:me".to_owned(),
        arn: "arn:aws:sts::111122223333:assumed-role/r/me".to_owned(),
        packed_policy_size: Some(6),
    });
    let user = iam::Response::GetUser(iam::UserView {
        user_name: "alice".to_owned(),
        user_id: "AIDAEXAMPLE".to_owned(),
        arn: "arn:aws:iam::111122223333:user/alice".to_owned(),
        create_date: TIME,
    });
    let roles = iam::Response::ListRoles {
        roles: vec![iam::RoleView {
            role_name: "r".to_owned(),
            role_id: "AROAEXAMPLE".to_owned(),
            arn: "arn:aws:iam::111122223333:role/r".to_owned(),
            create_date: TIME,
            max_session_duration: 3600,
        }],
        marker: Some("next".to_owned()),
    };
    let missing = Ec2Error::VpcNotFound("vpc-1".to_owned());
    vec![
        ("sts", "GetCallerIdentity", 200, identity.to_xml(REQUEST_ID)),
        ("sts", "AssumeRole", 200, session.to_xml(REQUEST_ID)),
        ("iam", "GetUser", 200, user.to_xml(REQUEST_ID)),
        ("iam", "ListRoles", 200, roles.to_xml(REQUEST_ID)),
        (
            "ec2",
            "DescribeVpcs",
            missing.status(),
            ec2::refusal(&missing, REQUEST_ID),
        ),
        (
            "sts",
            "AssumeRole",
            403,
            sts::error_document("AccessDenied", "no", 403, REQUEST_ID),
        ),
        (
            "iam",
            "GetUser",
            404,
            iam::error_document("NoSuchEntity", "nobody", 404, REQUEST_ID),
        ),
    ]
}
