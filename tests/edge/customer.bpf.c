// SPDX-License-Identifier: Apache-2.0
//
// The customer's side of a port with one VLAN, for kernels without 8021q. Compiled twice:
// with -DPUSH for egress, without it for ingress; -DVLAN=N names the VLAN.
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

SEC("classifier") int customer(struct __sk_buff *skb)
{
#ifdef PUSH
	if (!skb->vlan_present && bpf_skb_vlan_push(skb, bpf_htons(ETH_P_8021Q), VLAN))
		return TC_ACT_SHOT;
#else
	if (!skb->vlan_present || (skb->vlan_tci & 0xfff) != VLAN || bpf_skb_vlan_pop(skb))
		return TC_ACT_SHOT;
	bpf_skb_change_type(skb, PACKET_HOST);
#endif
	return TC_ACT_OK;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
