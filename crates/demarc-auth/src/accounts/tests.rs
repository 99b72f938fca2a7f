use super::*;
use crate::principal::Identity;

#[derive(serde::Deserialize)]
struct File {
    account: Vec<AccountConfig>,
}

const TWO_ACCOUNTS: &str = r#"
[[account]]
id = "111122223333"
name = "carrier"
partner = "v2"

[[account.access_key]]
id = "AKIACARRIER"
secret = "carrier-secret"

[[account.access_key]]
id = "AKIAALICE"
secret = "alice-secret"
user = "alice"

[[account.user]]
name = "alice"
policies = [
  '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"directconnect:*","Resource":"*"}}',
  { Statement = [{ Effect = "Deny", Action = "directconnect:Delete*", Resource = "*" }] },
]

[[account.role]]
name = "operator"
trust = ["444455556666", "arn:aws:iam::111122223333:user/alice"]
max_session = 7200

[[account]]
id = "444455556666"

[[account.access_key]]
id = "AKIACUSTOMER"
secret = "customer-secret"
policies = []
"#;

fn read(text: &str) -> Result<Directory, InvalidAccounts> {
    let file: File = toml::from_str(text).unwrap();
    Directory::new(&file.account)
}

#[test]
fn a_configuration_becomes_a_directory() {
    let directory = read(TWO_ACCOUNTS).unwrap();
    let carrier = "111122223333".parse().unwrap();
    let customer = "444455556666".parse().unwrap();
    let ids: Vec<_> = directory.accounts().map(|(id, _)| id).collect();
    assert_eq!(ids, [carrier, customer]);
    let account = directory.account(carrier).unwrap();
    assert_eq!(
        (account.name.as_str(), account.partner),
        ("carrier", Partner::V2)
    );
    assert_eq!(directory.account(customer).unwrap().partner, Partner::None);

    let root = directory.access_key("AKIACARRIER").unwrap();
    assert_eq!(root.principal.identity, Identity::Root);
    assert!(root.principal.permissions.is_administrator());
    assert_eq!(root.secret.expose(), "carrier-secret");

    let alice = directory.access_key("AKIAALICE").unwrap();
    assert_eq!(
        alice.principal.identity,
        Identity::User {
            name: "alice".to_owned()
        }
    );
    assert!(!alice.principal.permissions.is_administrator());

    let limited = directory.access_key("AKIACUSTOMER").unwrap();
    assert!(
        !limited.principal.permissions.is_administrator(),
        "an empty list of policies allows nothing"
    );
    let role = directory.role(carrier, "operator").unwrap();
    assert_eq!(role.max_session, 7200);
    assert!(role.permissions.is_administrator());
    assert!(directory.role(customer, "operator").is_none());
    assert!(directory.access_key("AKIANOBODY").is_none());
}

#[test]
fn no_accounts_are_an_empty_directory() {
    assert!(Directory::new(&[]).unwrap().is_empty());
    assert!(!read(TWO_ACCOUNTS).unwrap().is_empty());
}

#[test]
fn faults_name_the_key_the_value_and_the_remedy() {
    let key = |fields: &str| {
        format!("[[account]]\nid = \"111122223333\"\n[[account.access_key]]\n{fields}")
    };
    let role = |fields: &str| {
        format!("[[account]]\nid = \"111122223333\"\n[[account.role]]\nname = \"r\"\n{fields}")
    };
    let rows = [
        (
            "[[account]]\nid = \"1234\"".to_owned(),
            "account[0].id: `1234` is not an account id; give 12 digits in quotes",
        ),
        (
            "[[account]]\nid = \"111122223333\"\n[[account]]\nid = \"111122223333\"".to_owned(),
            "account[1].id: `111122223333` is configured twice; give each account one [[account]] table",
        ),
        (
            key("id = \"AKIA/1\"\nsecret = \"s\""),
            "account[0].access_key[0].id: `AKIA/1` is not an access key id; give 1 to 128 letters, \
             digits and _, not beginning with ASIA",
        ),
        (
            key("id = \"ASIA1\"\nsecret = \"s\""),
            "account[0].access_key[0].id: `ASIA1` is not an access key id; give 1 to 128 letters, \
             digits and _, not beginning with ASIA",
        ),
        (
            key("id = \"A\"\nsecret = \"s\"\n[[account.access_key]]\nid = \"A\"\nsecret = \"t\""),
            "account[0].access_key[1].id: `A` is configured twice; give each access key once, in one \
             account",
        ),
        (
            key("id = \"A\"\nsecret = \"\""),
            "account[0].access_key[0].secret: `` is empty; give the secret access key",
        ),
        (
            key("id = \"A\"\nsecret = \"s\"\nuser = \"bob\""),
            "account[0].access_key[0].user: `bob` is not a user of this account; add an \
             [[account.user]] with this name",
        ),
        (
            role("trust = [\"111122223333\", \"bob\"]"),
            "account[0].role[0].trust[1]: `bob` names nobody; give an account id or the ARN of a root, \
             user, role or assumed role",
        ),
        (
            role("trust = []\nmax_session = 60"),
            "account[0].role[0].max_session: `60` is out of range; give 3600 to 43200 seconds",
        ),
        (
            role("trust = []\n[[account.role]]\nname = \"r\"\ntrust = []"),
            "account[0].role[1].name: `r` is configured twice in this account; give each name once",
        ),
        (
            "[[account]]\nid = \"111122223333\"\n[[account.user]]\nname = \"a b\"".to_owned(),
            "account[0].user[0].name: `a b` is not a name; give 1 to 64 letters, digits and +=,.@_-",
        ),
    ];
    for (text, message) in rows {
        assert_eq!(read(&text).unwrap_err().to_string(), message);
    }
}

#[test]
fn a_policy_that_cannot_be_parsed_shows_where() {
    let text = "[[account]]\nid = \"111122223333\"\n[[account.user]]\nname = \"a\"\n\
                policies = ['{\"Statement\":[]}', '''{\n  \"Statement\": oops}''']";
    let error = read(&text.replace(
        "[]}'",
        "{\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":\"*\"}}'",
    ))
    .unwrap_err();
    assert_eq!(
        error.to_string(),
        "account[0].user[0].policies[1]: the policy cannot be used: line 2, column 16: expected value; correct the document"
    );
    let cause = std::error::Error::source(&error).unwrap().to_string();
    assert_eq!(cause, "line 2, column 16: expected value");
    let error = read(text).unwrap_err();
    let cause = std::error::Error::source(&error).unwrap().to_string();
    assert_eq!(cause, "Statement: at least one statement is needed");
}

#[test]
fn unknown_keys_and_words_are_refused() {
    for (text, word) in [
        (
            "[[account]]\nid = \"111122223333\"\npartnr = \"v1\"",
            "partnr",
        ),
        ("[[account]]\nid = \"111122223333\"\npartner = \"v3\"", "v3"),
        (
            "[[account]]\nid = \"111122223333\"\n[[account.access_key]]\nid = \"A\"\nscret = \"s\"",
            "scret",
        ),
    ] {
        let error = toml::from_str::<File>(text).err().unwrap().to_string();
        assert!(error.contains(word), "{error}");
    }
}

#[test]
fn printing_a_configuration_does_not_show_secrets() {
    let file: File = toml::from_str(TWO_ACCOUNTS).unwrap();
    let shown = format!("{:?}", file.account);
    assert!(!shown.contains("carrier-secret"));
    let serialised = serde_json::to_string(&file.account).unwrap();
    assert!(!serialised.contains("alice-secret"));
}
