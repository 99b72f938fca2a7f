//! The two meanings of a gateway association's allowed prefixes (`spec/routing §4.1`).

use ipnet::IpNet;

/// Virtual private gateway: the list is a filter. A CIDR of the VPC is announced, as it is, when
/// some allowed prefix is the same or wider.
pub fn virtual_gateway_announces<'a>(
    vpc_cidrs: &'a [IpNet],
    allowed: &'a [IpNet],
) -> impl Iterator<Item = IpNet> + 'a {
    vpc_cidrs
        .iter()
        .copied()
        .filter(|cidr| allowed.iter().any(|wide| wide.contains(cidr)))
}

/// Transit gateway: the list is originated as written, whether any VPC has the prefixes or not.
pub fn transit_gateway_announces(allowed: &[IpNet]) -> impl Iterator<Item = IpNet> + '_ {
    allowed.iter().copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nets(text: &str) -> Vec<IpNet> {
        text.split_whitespace()
            .map(|net| net.parse().unwrap())
            .collect()
    }

    #[test]
    fn the_rows_of_spec_routing_4_1() {
        let rows = [
            ("10.0.0.0/16", "22.0.0.0/24", "", "22.0.0.0/24"),
            ("10.0.0.0/16", "10.0.0.0/24", "", "10.0.0.0/24"),
            ("10.0.0.0/16", "10.0.0.0/15", "10.0.0.0/16", "10.0.0.0/15"),
            ("10.0.0.0/16", "10.0.0.0/8", "10.0.0.0/16", "10.0.0.0/8"),
            ("10.0.0.0/16", "10.0.0.0/16", "10.0.0.0/16", "10.0.0.0/16"),
            (
                "10.0.0.0/16 10.1.0.0/16",
                "10.0.0.0/16",
                "10.0.0.0/16",
                "10.0.0.0/16",
            ),
            // Not in the table: families do not mix, and /0 lets everything of its family pass.
            ("10.0.0.0/16 2001:db8::/56", "::/0", "2001:db8::/56", "::/0"),
        ];
        for (vpc, allowed, virtual_gateway, transit_gateway) in rows {
            let (vpc, allowed) = (nets(vpc), nets(allowed));
            let filtered: Vec<_> = virtual_gateway_announces(&vpc, &allowed).collect();
            assert_eq!(
                filtered,
                nets(virtual_gateway),
                "VGW, {vpc:?} and {allowed:?}"
            );
            let originated: Vec<_> = transit_gateway_announces(&allowed).collect();
            assert_eq!(originated, nets(transit_gateway), "TGW, {allowed:?}");
        }
    }

    #[test]
    fn vector_6_a_narrow_list_leaves_a_virtual_gateway_with_nothing() {
        let (vpc, allowed) = (nets("10.0.0.0/16"), nets("10.0.0.0/24"));
        assert_eq!(virtual_gateway_announces(&vpc, &allowed).count(), 0);
    }
}
