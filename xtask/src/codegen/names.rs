//! Model names to Rust names.

/// Splits at case changes and punctuation: `newBGPPeer` is `new`, `BGP`, `Peer`.
///
/// Digits stay with the word before them; the last capital of a run starts the next word.
fn words(name: &str) -> Vec<String> {
    let characters: Vec<char> = name.chars().collect();
    let mut words: Vec<String> = Vec::new();
    let mut word = String::new();
    for (index, &character) in characters.iter().enumerate() {
        if !character.is_alphanumeric() {
            words.extend((!word.is_empty()).then(|| std::mem::take(&mut word)));
            continue;
        }
        let after_lower = index > 0 && !characters[index - 1].is_uppercase();
        let before_lower = (characters.get(index + 1)).is_some_and(|next| next.is_lowercase());
        if character.is_uppercase() && !word.is_empty() && (after_lower || before_lower) {
            words.push(std::mem::take(&mut word));
        }
        word.push(character);
    }
    words.extend((!word.is_empty()).then_some(word));
    words
}

/// A member as a field: `requestMACSec` is `request_mac_sec`, `type` is `r#type`.
pub(crate) fn field(member: &str) -> String {
    let field = words(member).join("_").to_lowercase();
    match field.as_str() {
        "type" => "r#type".to_owned(),
        _ => field,
    }
}

/// A shape as a static: `TagList` is `TAG_LIST`.
pub(crate) fn constant(shape: &str) -> String {
    words(shape).join("_").to_uppercase()
}

/// An enum value as a variant: `application/pdf` is `ApplicationPdf`.
pub(crate) fn variant(value: &str) -> String {
    let capitalised = |word: String| {
        let mut characters = word.chars();
        let first = characters.next().map(|c| c.to_ascii_uppercase());
        first.into_iter().chain(characters).collect::<String>()
    };
    words(value).into_iter().map(capitalised).collect()
}

#[cfg(test)]
mod tests {
    use super::{constant, field, variant};

    #[test]
    fn fields_follow_the_words_of_the_member() {
        for (member, expected) in [
            ("bgpPeers", "bgp_peers"),
            ("newBGPPeer", "new_bgp_peer"),
            ("requestMACSec", "request_mac_sec"),
            ("secretARN", "secret_arn"),
            ("amazonSideAsn", "amazon_side_asn"),
            ("awsDeviceV2", "aws_device_v2"),
            ("prefixPoolSizeIpv4", "prefix_pool_size_ipv4"),
            (
                "xsltTemplateNameForMacSec",
                "xslt_template_name_for_mac_sec",
            ),
            ("type", "r#type"),
        ] {
            assert_eq!(field(member), expected, "{member}");
        }
    }

    #[test]
    fn variants_keep_the_words_of_the_value() {
        for (value, expected) in [
            ("ipv4", "Ipv4"),
            ("application/pdf", "ApplicationPdf"),
            ("maximum-resiliency", "MaximumResiliency"),
            ("nonPartner", "NonPartner"),
            ("PortPairFlatRateTier5", "PortPairFlatRateTier5"),
        ] {
            assert_eq!(variant(value), expected, "{value}");
        }
    }

    #[test]
    fn constants_are_upper_case_words() {
        assert_eq!(constant("BGPPeerIdList"), "BGP_PEER_ID_LIST");
        assert_eq!(constant("TagKey"), "TAG_KEY");
    }
}
