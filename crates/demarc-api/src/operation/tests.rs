use crate::{Operation, samples};
use std::collections::BTreeSet;

#[test]
fn the_table_has_the_operations_of_the_model_sorted() {
    let names: Vec<&str> = Operation::ALL.iter().map(|o| o.name()).collect();
    assert_eq!(names, samples::operation_names());
    assert_eq!(names.len(), 73);
    assert!(names.is_sorted(), "from_name searches in halves");
}

#[test]
fn every_name_finds_its_operation_and_no_other_does() {
    for &operation in Operation::ALL {
        assert_eq!(Operation::from_name(operation.name()), Some(operation));
        let lower = operation.name().to_lowercase();
        assert_eq!(Operation::from_name(&lower), None, "case matters");
    }
    for unknown in [
        "",
        "Describe",
        "DescribeVirtualInterface",
        "ZZZ",
        "CreateConnection ",
    ] {
        assert_eq!(Operation::from_name(unknown), None, "{unknown}");
    }
}

#[test]
fn reads_are_the_describes_lists_and_gets_without_letters_of_authorisation() {
    for &operation in Operation::ALL {
        let name = operation.name();
        let reads = ["Describe", "List", "Get"]
            .iter()
            .any(|p| name.starts_with(p));
        let letter = name.ends_with("Loa");
        assert_eq!(operation.is_read_only(), reads && !letter, "{name}");
    }
    assert!(!Operation::DescribeLoa.is_read_only());
}

/// `spec/operations Annex A` marks these four.
#[test]
fn four_operations_are_deprecated() {
    let deprecated: Vec<&str> = (Operation::ALL.iter())
        .filter(|operation| operation.is_deprecated())
        .map(|operation| operation.name())
        .collect();
    assert_eq!(
        deprecated,
        [
            "AllocateConnectionOnInterconnect",
            "DescribeConnectionLoa",
            "DescribeConnectionsOnInterconnect",
            "DescribeInterconnectLoa",
        ]
    );
}

/// `spec/api-2026 §5`, last paragraph but one.
#[test]
fn nine_operations_can_exceed_a_limit() {
    let limited: Vec<&str> = (Operation::ALL.iter())
        .filter(|operation| operation.errors().contains(&"LimitExceededException"))
        .map(|operation| operation.name())
        .collect();
    assert_eq!(
        limited,
        [
            "AllocatePrivateVirtualInterface",
            "AllocatePublicVirtualInterface",
            "AllocateTransitVirtualInterface",
            "AssociateConnectionWithLag",
            "AssociateConnectionsToResiliencyGroup",
            "CreatePrivateVirtualInterface",
            "CreatePublicVirtualInterface",
            "CreateResiliencyGroup",
            "CreateTransitVirtualInterface",
        ]
    );
}

#[test]
fn every_operation_can_fail_on_either_side() {
    for operation in Operation::ALL {
        let errors: BTreeSet<&str> = operation.errors().iter().copied().collect();
        for expected in [
            "DirectConnectClientException",
            "DirectConnectServerException",
        ] {
            assert!(errors.contains(expected), "{operation}: {expected}");
        }
    }
}

/// `spec/protocol §5`, with the three list operations of 2026.
#[test]
fn operations_with_max_results_are_paged() {
    let paged: Vec<(&str, &str, bool)> = (Operation::ALL.iter())
        .filter_map(|o| o.pagination().map(|p| (o.name(), p.items, p.automatic)))
        .collect();
    assert_eq!(
        paged,
        [
            ("DescribeConnections", "connections", false),
            (
                "DescribeDirectConnectGatewayAssociationProposals",
                "directConnectGatewayAssociationProposals",
                false
            ),
            (
                "DescribeDirectConnectGatewayAssociations",
                "directConnectGatewayAssociations",
                true
            ),
            (
                "DescribeDirectConnectGatewayAttachments",
                "directConnectGatewayAttachments",
                true
            ),
            (
                "DescribeDirectConnectGateways",
                "directConnectGateways",
                true
            ),
            ("DescribeHostedConnections", "connections", false),
            ("DescribeInterconnects", "interconnects", false),
            ("DescribeLags", "lags", false),
            ("DescribeVirtualInterfaces", "virtualInterfaces", false),
            ("ListResiliencyGroupAssociations", "items", false),
            ("ListResiliencyGroups", "items", false),
            ("ListVirtualInterfaceRoutes", "routes", false),
            (
                "ListVirtualInterfaceTestHistory",
                "virtualInterfaceTestHistory",
                false
            ),
        ]
    );
}
