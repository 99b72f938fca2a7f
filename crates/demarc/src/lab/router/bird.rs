//! BIRD 2.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Child;

use demarc_linux::Namespace;

use super::super::order::RouterPlan;
use super::super::topology::first_host;

pub(super) fn start(
    plan: &RouterPlan,
    namespace: &Namespace,
    directory: &Path,
) -> Result<Vec<Child>, String> {
    let file = |name: &str| directory.join(name).display().to_string();
    super::write(&directory.join("bird.conf"), &configuration(plan))?;
    let arguments = [
        "-f".to_owned(),
        "-c".to_owned(),
        file("bird.conf"),
        "-s".to_owned(),
        file("bird.ctl"),
        "-P".to_owned(),
        file("bird.pid"),
    ];
    Ok(vec![super::spawn(
        namespace, "bird", &arguments, directory,
    )?])
}

fn configuration(plan: &RouterPlan) -> String {
    let (network, host) = (plan.network.trunc(), first_host(plan.network));
    let mut text = format!(
        "# The router of {}, as the service describes its virtual interfaces.\n\
         router id {host};\n\
         protocol device {{ scan time 1; }}\n\
         protocol direct {{ ipv4; interface \"lo\"; }}\n\
         protocol bfd {{ interface \"vlan*\" {{ interval 300 ms; multiplier 3; }}; }}\n\
         protocol kernel {{\n  ipv4 {{ export filter {{\n    \
         if source != RTS_BGP then reject;\n    krt_prefsrc = {host};\n    accept;\n  }}; }};\n}}\n",
        plan.customer
    );
    for session in &plan.sessions {
        let (high, low) = session.preference.community();
        // Writing into a String does not fail.
        _ = write!(
            text,
            "protocol bgp {name} {{\n  \
             local {own} as {asn};\n  \
             neighbor {theirs} as {their_asn};\n  \
             password \"{key}\";\n  \
             bfd on;\n  \
             connect delay time 1; connect retry time 1; error wait time 1, 4;\n  \
             ipv4 {{\n    \
             import filter {{ bgp_local_pref = {local}; accept; }};\n    \
             export filter {{\n      if net != {network} then reject;\n      \
             bgp_community.add(({high}, {low}));\n      accept;\n    }};\n  }};\n}}\n",
            name = session.name.replace('-', "_"),
            own = session.customer_address.address(),
            asn = session.asn,
            theirs = session.amazon_address.address(),
            their_asn = session.amazon_side_asn,
            key = session.auth_key,
            local = session.preference.local(),
        );
    }
    text
}
