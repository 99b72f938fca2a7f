use proptest::prelude::*;

use super::*;

fn parse(form: &str) -> Node {
    Node::parse(form.as_bytes()).unwrap()
}

#[test]
fn names_lead_to_values() {
    let root = parse("Action=CreateVpc&CidrBlock=10.0.0.0%2F16&Options.DnsSupport=enable&Empty=");
    assert_eq!(root.text("Action"), Some("CreateVpc"));
    assert_eq!(root.text("CidrBlock"), Some("10.0.0.0/16"));
    assert_eq!(root.text("Options.DnsSupport"), Some("enable"));
    assert_eq!(root.text("Empty"), Some(""));
    assert_eq!(root.text("Options"), None);
    assert_eq!(root.text("cidrBlock"), None, "names have a case");
}

#[test]
fn lists_are_in_the_order_of_their_numbers() {
    let root = parse("VpcId.10=c&VpcId.2=b&VpcId.1=a&VpcId.x=d");
    assert_eq!(root.texts("VpcId"), ["a", "b", "c"]);
    let root = parse("Tags.member.2.Key=b&Tags.member.1.Key=a");
    let keys: Vec<_> = root
        .items("Tags")
        .filter_map(|tag| tag.text("Key"))
        .collect();
    assert_eq!(keys, ["a", "b"]);
    assert!(root.texts("VpcId").is_empty());
}

#[test]
fn lists_in_lists() {
    let root =
        parse("Filter.1.Name=vpc-id&Filter.1.Value.1=a&Filter.1.Value.2=b&Filter.2.Name=state");
    let filters: Vec<_> = root
        .items("Filter")
        .map(|filter| (filter.text("Name"), filter.texts("Value")))
        .collect();
    assert_eq!(
        filters,
        [
            (Some("vpc-id"), vec!["a", "b"]),
            (Some("state"), Vec::new())
        ]
    );
}

#[test]
fn the_last_of_two_counts_and_plus_is_a_space() {
    assert_eq!(parse("a=1&a=x+y").text("a"), Some("x y"));
}

#[test]
fn too_much_is_refused() {
    let many = "a=1&".repeat(MAX_PARAMETERS + 1);
    assert_eq!(
        Node::parse(many.as_bytes()),
        Err(MalformedParameters::TooMany(MAX_PARAMETERS))
    );
    let deep = "a.".repeat(MAX_DEPTH) + "a=1";
    assert!(matches!(
        Node::parse(deep.as_bytes()),
        Err(MalformedParameters::Name(_))
    ));
    let long = "a".repeat(MAX_NAME + 1);
    assert!(matches!(
        Node::parse(long.as_bytes()),
        Err(MalformedParameters::Name(_))
    ));
    assert_eq!(Node::parse(b"a=\xff"), Err(MalformedParameters::NotText));
}

#[test]
fn numbers_that_are_too_big_are_words() {
    assert!(parse("a.99999999999=1").texts("a").is_empty());
    assert!(parse("a.+1=1").texts("a").is_empty());
}

proptest! {
    #[test]
    fn no_bytes_make_parsing_panic(form in proptest::collection::vec(any::<u8>(), 0..300)) {
        if let Ok(root) = Node::parse(&form) {
            let _ = root.texts("a");
        }
    }

    #[test]
    fn what_goes_in_comes_out(values in proptest::collection::vec(".{0,20}", 0..20)) {
        let mut form = form_urlencoded::Serializer::new(String::new());
        for (index, value) in values.iter().enumerate() {
            form.append_pair(&format!("List.{}", index + 1), value);
        }
        let root = parse(&form.finish());
        prop_assert_eq!(root.texts("List"), values);
    }
}
