//! The generic router configuration: the XML that the API returns in
//! `VirtualInterface.customerRouterConfig`.
//!
//! Layout to the byte: spec/identifiers §18. Client scripts parse the element
//! names, so they stay as published although they name another operator.

use std::fmt::Write as _;

/// What the XML describes: one virtual interface and its live peers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogicalConnection {
    /// Virtual interface id, `dxvif-…`.
    pub id: String,
    /// 802.1Q tag, 1 to 4094.
    pub vlan: u16,
    /// The IPv4 peer; `None` as soon as it is `deleting`.
    pub ipv4: Option<PeerDetails>,
    /// The IPv6 peer; `None` as soon as it is `deleting`.
    pub ipv6: Option<PeerDetails>,
    /// ASN of the near side: the gateway's, or 7224 on a public interface.
    pub amazon_bgp_asn: u32,
    pub connection_type: ConnectionType,
}

/// One BGP peering of a virtual interface.
#[derive(Clone, PartialEq, Eq)]
pub struct PeerDetails {
    /// CIDR at the customer's router, verbatim as given or assigned.
    pub customer_address: String,
    /// CIDR at the near side, verbatim.
    pub amazon_address: String,
    /// The customer's ASN.
    pub bgp_asn: u32,
    /// TCP MD5 key, 6 to 80 characters.
    pub bgp_auth_key: String,
}

/// Hides the key: a debug line must not leak it.
impl std::fmt::Debug for PeerDetails {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PeerDetails")
            .field("customer_address", &self.customer_address)
            .field("amazon_address", &self.amazon_address)
            .field("bgp_asn", &self.bgp_asn)
            .field("bgp_auth_key", &"[PROTECTED]")
            .finish()
    }
}

/// The three kinds of virtual interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ConnectionType {
    Private,
    Public,
    Transit,
}

impl ConnectionType {
    /// The API's word, as in `virtualInterfaceType`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Private => "private",
            Self::Public => "public",
            Self::Transit => "transit",
        }
    }
}

/// The XML text of `connection`: two-blank indent, one element a line, and a
/// final newline. The IPv4 and IPv6 blocks appear only for a present peer.
///
/// Text is XML-escaped; characters that XML 1.0 cannot hold become U+FFFD.
#[must_use]
pub fn customer_router_config(connection: &LogicalConnection) -> String {
    let mut xml = String::with_capacity(700);
    xml.push_str("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    xml.push_str("<logical_connection id=\"");
    push_escaped(&mut xml, &connection.id);
    xml.push_str("\">\n");
    element(&mut xml, "vlan", &connection.vlan.to_string());
    if let Some(peer) = &connection.ipv4 {
        peer_block(&mut xml, "", peer);
    }
    if let Some(peer) = &connection.ipv6 {
        peer_block(&mut xml, "ipv6_", peer);
    }
    let asn = connection.amazon_bgp_asn.to_string();
    element(&mut xml, "amazon_bgp_asn", &asn);
    element(
        &mut xml,
        "connection_type",
        connection.connection_type.as_str(),
    );
    xml.push_str("</logical_connection>\n");
    xml
}

fn peer_block(xml: &mut String, prefix: &str, peer: &PeerDetails) {
    let mut field = |name: &str, value: &str| element(xml, &format!("{prefix}{name}"), value);
    field("customer_address", &peer.customer_address);
    field("amazon_address", &peer.amazon_address);
    field("bgp_asn", &peer.bgp_asn.to_string());
    field("bgp_auth_key", &peer.bgp_auth_key);
}

fn element(xml: &mut String, name: &str, value: &str) {
    xml.push_str("  <");
    xml.push_str(name);
    xml.push('>');
    push_escaped(xml, value);
    xml.push_str("</");
    xml.push_str(name);
    xml.push_str(">\n");
}

/// Appends `text` with the five predefined entities, and white space other
/// than a blank as a character reference so that a parser keeps it.
fn push_escaped(xml: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => xml.push_str("&amp;"),
            '<' => xml.push_str("&lt;"),
            '>' => xml.push_str("&gt;"),
            '"' => xml.push_str("&quot;"),
            '\'' => xml.push_str("&apos;"),
            '\t' | '\n' | '\r' => {
                // Writing to a String cannot fail.
                let _ = write!(xml, "&#{};", u32::from(c));
            }
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => xml.push('\u{fffd}'),
            _ => xml.push(c),
        }
    }
}

#[cfg(test)]
mod tests;
