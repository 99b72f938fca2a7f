// SPDX-License-Identifier: Apache-2.0
//
// The customer's side of a cable, for kernels without 8021q. Compiled twice for each VLAN:
// with -DPUSH for the interface of the VLAN (tag, and out by the cable), without it for the cable
// (of this VLAN: no tag, and in by the interface). -DVLAN=N names the VLAN, -DTO=N the other interface.
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

SEC("classifier") int customer(struct __sk_buff *skb)
{
#ifdef PUSH
	if (bpf_skb_vlan_push(skb, bpf_htons(ETH_P_8021Q), VLAN))
		return TC_ACT_SHOT;
#else
	if (!skb->vlan_present || (skb->vlan_tci & 0xfff) != VLAN)
		return TC_ACT_UNSPEC; /* perhaps the next filter's */
	if (bpf_skb_vlan_pop(skb))
		return TC_ACT_SHOT;
#endif
	return bpf_redirect(TO, 0);
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
