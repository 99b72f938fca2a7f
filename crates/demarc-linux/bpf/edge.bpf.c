// SPDX-License-Identifier: Apache-2.0
//
// Delivers the VLANs of ports to the virtual interfaces of gateways, and back.
//
//   PORT ingress (port_in): (port, VLAN) -> virtual interface; pop the tag; into the gateway's namespace
//   outer end ingress (vif_in): push the tag; out of the port
//
// The "outer end" is the end of the virtual interface's veth that stays beside the ports. Build:
// clang -O2 -g -Wall -target bpf -I/usr/include/$(uname -m)-linux-gnu -c edge.bpf.c -o edge.bpf.o
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

struct port_key {
	__u32 port;
	__u32 vlan;
};

struct vif {
	__u32 port;
	__u32 outer_end;
	__u16 vlan;
	__u8 mac[6];
};

struct counters {
	__u64 in_packets;
	__u64 in_bytes;
	__u64 out_packets;
	__u64 out_bytes;
};

enum drop { DROP_UNTAGGED, DROP_UNKNOWN_VLAN, DROP_WRONG_MAC, DROP_HELPER, DROPS };

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__type(key, struct port_key);
	__type(value, struct vif);
} ports SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__type(key, __u32); /* interface index of the outer end */
	__type(value, struct vif);
} vifs SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, 65536);
	__type(key, __u32); /* interface index of the outer end */
	__type(value, struct counters);
} stats SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, DROPS);
	__type(key, __u32);
	__type(value, __u64);
} drops SEC(".maps");

static __always_inline int dropped(__u32 reason)
{
	__u64 *count = bpf_map_lookup_elem(&drops, &reason);

	if (count)
		(*count)++;
	return TC_ACT_SHOT;
}

SEC("classifier") int port_in(struct __sk_buff *skb)
{
	struct port_key key = { .port = skb->ifindex };
	struct counters *count;
	struct vif *vif;
	__u8 mac[6], differ = 0;

	if (!skb->vlan_present) {
		/* LACP, LLDP and MKA are untagged and meant for the edge itself. */
		if (skb->protocol == bpf_htons(0x8809) || skb->protocol == bpf_htons(0x88cc) ||
		    skb->protocol == bpf_htons(0x888e))
			return TC_ACT_OK;
		return dropped(DROP_UNTAGGED);
	}
	key.vlan = skb->vlan_tci & 0xfff; /* priority bits are ignored */
	vif = bpf_map_lookup_elem(&ports, &key);
	if (!vif || skb->vlan_proto != bpf_htons(ETH_P_8021Q))
		return dropped(DROP_UNKNOWN_VLAN);
	if (bpf_skb_vlan_pop(skb))
		return dropped(DROP_HELPER);
	/* bpf_redirect_peer skips the check of the destination that a link makes. */
	if (bpf_skb_load_bytes(skb, 0, mac, 6))
		return dropped(DROP_HELPER);
	for (int i = 0; i < 6; i++)
		differ |= mac[i] ^ vif->mac[i];
	if (!(mac[0] & 1) && differ)
		return dropped(DROP_WRONG_MAC);
	count = bpf_map_lookup_elem(&stats, &vif->outer_end);
	if (count) {
		count->in_packets += skb->gso_segs ?: 1;
		count->in_bytes += skb->len;
	}
	return bpf_redirect_peer(vif->outer_end, 0);
}

SEC("classifier") int vif_in(struct __sk_buff *skb)
{
	__u32 outer_end = skb->ifindex;
	struct vif *vif = bpf_map_lookup_elem(&vifs, &outer_end);
	struct counters *count;

	if (!vif)
		return TC_ACT_SHOT;
	count = bpf_map_lookup_elem(&stats, &outer_end);
	if (count) {
		count->out_packets += skb->gso_segs ?: 1;
		count->out_bytes += skb->len;
	}
	if (bpf_skb_vlan_push(skb, bpf_htons(ETH_P_8021Q), vif->vlan))
		return dropped(DROP_HELPER);
	return bpf_redirect(vif->port, 0);
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
