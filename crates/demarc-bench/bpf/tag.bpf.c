// SPDX-License-Identifier: Apache-2.0
//
// The VLAN of a customer's router, on its own interface, for kernels without 8021q: `push` at egress, `pop`
// at ingress. As little work as a VLAN can be, since it is on the customer's side of what is measured. Build:
// clang -O2 -g -Wall -mcpu=v3 -target bpf -I/usr/include/$(uname -m)-linux-gnu -c tag.bpf.c -o tag.bpf.o
// llvm-strip -g tag.bpf.o
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define VLAN 100

SEC("classifier") int push(struct __sk_buff *skb)
{
	return bpf_skb_vlan_push(skb, bpf_htons(ETH_P_8021Q), VLAN) ? TC_ACT_SHOT : TC_ACT_OK;
}

SEC("classifier") int pop(struct __sk_buff *skb)
{
	if (!skb->vlan_present || (skb->vlan_tci & 0xfff) != VLAN)
		return TC_ACT_SHOT;
	return bpf_skb_vlan_pop(skb) ? TC_ACT_SHOT : TC_ACT_OK;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
