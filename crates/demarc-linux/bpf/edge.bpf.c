// SPDX-License-Identifier: Apache-2.0
//
// Delivers the VLANs of ports to the virtual interfaces of gateways, and back; polices and counts.
//
//   PORT ingress (port_in): (port, VLAN) -> virtual interface; pop the tag; into the gateway's namespace
//   outer end ingress (vif_in): push the tag; out of the port
//
// In place of a port there may be a bundle (a LAG): what comes in by any member that collects is its own, and
// what goes out takes the member that the flow's hash chooses among those that distribute.
//
// The "outer end" is the end of the virtual interface's veth that stays beside the ports. Build:
// clang -O2 -g -Wall -mcpu=v3 -target bpf -I/usr/include/$(uname -m)-linux-gnu -c edge.bpf.c -o edge.bpf.o
// llvm-strip -g edge.bpf.o
#include <stdbool.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define ICMPV6 58
#define BGP_PORT 179
#define BFD_PORT 3784
#define SOURCE_CHECK 1 /* only sources of `sources` may send */
#define POLICED 2 /* it has a rate: a bucket each way */
#define BUNDLE 0x80000000 /* the number of a bundle, where that of a port may be; no interface has it */
#define MEMBERS 16 /* of a bundle at most */

struct port_key {
	__u32 port; /* or bundle */
	__u32 vlan;
};

struct vif {
	__u32 port; /* or bundle */
	__u32 outer_end;
	__u16 vlan;
	__u8 mac[6];
	__u32 mtu; /* of an IP packet */
	__u32 flags;
};

struct counters {
	__u64 in_packets;
	__u64 in_bytes;
	__u64 out_packets;
	__u64 out_bytes;
	__u64 in_policed_packets;
	__u64 in_policed_bytes;
	__u64 out_policed_packets;
	__u64 out_policed_bytes;
	__u64 wrong_source;
	__u64 wrong_mac;
	__u64 too_long;
	__u64 control_policed;
};

/* Frames of a port that belong to no virtual interface. */
struct strays {
	__u64 untagged;
	__u64 unknown_vlan; /* or more than one tag */
	__u64 failed;
};

struct membership {
	__u32 bundle;
	__u32 distributes; /* for who takes this over after us */
};

/* The members that distribute. */
struct bundle {
	__u32 count;
	__u32 ports[MEMBERS];
};

enum way { WAY_IN, WAY_OUT, WAY_CONTROL };

struct bucket_key {
	__u32 outer_end;
	__u32 way;
};

/* A token bucket as a clock: the time at which it would be full. Times are in sixteenths of a
 * nanosecond, so that one byte at 100 Gbit/s is still more than nothing. */
struct bucket {
	__u64 full_at;
	__u64 megabits;
	__u64 depth; /* the time that an empty bucket takes to fill */
};

struct source_key {
	__u32 length;
	__u32 outer_end;
	__u8 address[16]; /* IPv4 as ::ffff:a.b.c.d */
};

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
	__uint(map_flags, BPF_F_NO_PREALLOC);
} stats SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, 4096);
	__type(key, __u32); /* interface index of the port */
	__type(value, struct strays);
	__uint(map_flags, BPF_F_NO_PREALLOC);
} strays SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 131072);
	__type(key, struct bucket_key);
	__type(value, struct bucket);
	__uint(map_flags, BPF_F_NO_PREALLOC);
} buckets SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, 1048576);
	__type(key, struct source_key);
	__type(value, __u8);
	__uint(map_flags, BPF_F_NO_PREALLOC);
} sources SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, __u32); /* interface index of a port that collects */
	__type(value, struct membership);
} collecting SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, __u32);
	__type(value, struct bundle);
} bundles SEC(".maps");

/* What the checks need to know of a frame without its tag. */
struct frame {
	__u64 packets;
	__u64 bytes;   /* on the wire, all segments together */
	__u32 longest; /* IP packet of one segment */
	bool control;  /* BGP, BFD, ARP or neighbor discovery between the two ends */
};

static __always_inline int stray(__u32 port, __u32 reason)
{
	struct strays *count = bpf_map_lookup_elem(&strays, &port);

	if (!count)
		return TC_ACT_SHOT;
	if (reason == 0)
		count->untagged++;
	else if (reason == 1)
		count->unknown_vlan++;
	else
		count->failed++;
	return TC_ACT_SHOT;
}

static __always_inline bool is_control(__u8 protocol, __u8 hops, __u8 kind, __u16 from, __u16 to)
{
	/* None of these goes further than this edge: hops say so. */
	if (protocol == IPPROTO_TCP)
		return hops <= 1 && (from == bpf_htons(BGP_PORT) || to == bpf_htons(BGP_PORT));
	if (protocol == IPPROTO_UDP)
		return hops == 255 && to == bpf_htons(BFD_PORT);
	return protocol == ICMPV6 && hops == 255 && kind >= 133 && kind <= 137;
}

/* Bytes of a frame: where they are, or a copy where the kernel keeps them in another place. To look at them is
 * several times faster than to copy them, and headers are nearly always in the first part of a frame. */
static __always_inline const void *bytes(struct __sk_buff *skb, __u32 from, __u32 count, void *copy)
{
	const void *data = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;

	if (data + from + count <= end)
		return data + from;
	return bpf_skb_load_bytes(skb, from, copy, count) ? NULL : copy;
}

static __always_inline void look(struct __sk_buff *skb, struct frame *frame)
{
	__u32 start, header;
	__u8 protocol, hops, l4[14] = {};

	frame->packets = 1;
	frame->bytes = skb->len;
	frame->longest = skb->len - ETH_HLEN;
	frame->control = false;
	if (skb->protocol == bpf_htons(ETH_P_IP)) {
		__u8 copy[20];
		const __u8 *ip = bytes(skb, ETH_HLEN, sizeof(copy), copy);

		if (!ip)
			return;
		start = ETH_HLEN + (ip[0] & 15) * 4;
		hops = ip[8];
		protocol = ip[9];
	} else if (skb->protocol == bpf_htons(ETH_P_IPV6)) {
		__u8 copy[8];
		const __u8 *ip = bytes(skb, ETH_HLEN, sizeof(copy), copy);

		if (!ip)
			return;
		start = ETH_HLEN + 40;
		protocol = ip[6];
		hops = ip[7];
	} else {
		frame->control = skb->protocol == bpf_htons(ETH_P_ARP);
		return;
	}
	/* Most packets are on their way through, and in one piece: of these there is nothing more to know. */
	if (hops > 1 && hops < 255 && !skb->gso_size)
		return;
	if (protocol == IPPROTO_TCP)
		bpf_skb_load_bytes(skb, start, l4, 14);
	else if (protocol == IPPROTO_UDP || protocol == ICMPV6)
		bpf_skb_load_bytes(skb, start, l4, 8);
	else
		return;
	frame->control = is_control(protocol, hops, l4[0], *(__u16 *)l4, *(__u16 *)(l4 + 2));
	if (!skb->gso_size || protocol == ICMPV6)
		return;
	/* One that the kernel cuts later: every piece has headers of its own. */
	header = start + (protocol == IPPROTO_TCP ? (l4[12] >> 4) * 4 : 8);
	frame->packets = skb->gso_segs;
	if (!frame->packets)
		frame->packets = (skb->len - header + skb->gso_size - 1) / skb->gso_size;
	if (frame->packets > 1)
		frame->bytes += (frame->packets - 1) * header;
	frame->longest = skb->gso_size + header - ETH_HLEN;
}

/* Whether the source of a packet may send by a virtual interface that checks sources. What is no IP packet, or
 * does not leave the link, is not asked. */
static __always_inline bool may_send(struct __sk_buff *skb, __u32 outer_end)
{
	struct source_key source = { .length = 160, .outer_end = outer_end };

	if (skb->protocol == bpf_htons(ETH_P_IP)) {
		/* Cut short, it is no packet. */
		if (bpf_skb_load_bytes(skb, ETH_HLEN + 12, source.address + 12, 4))
			return true;
		source.address[10] = 0xff;
		source.address[11] = 0xff;
	} else if (skb->protocol == bpf_htons(ETH_P_IPV6)) {
		if (bpf_skb_load_bytes(skb, ETH_HLEN + 8, source.address, 16))
			return true;
		if (source.address[0] == 0xfe && (source.address[1] & 0xc0) == 0x80)
			return true;
	} else {
		return true;
	}
	return bpf_map_lookup_elem(&sources, &source);
}

/* Whether the bucket, if there is one, has room for these bytes; then they are in. */
static __always_inline bool fits(__u32 outer_end, enum way way, __u64 bytes)
{
	struct bucket_key key = { .outer_end = outer_end, .way = way };
	struct bucket *bucket = bpf_map_lookup_elem(&buckets, &key);
	__u64 now, before, cost;

	if (!bucket || !bucket->megabits)
		return true;
	now = bpf_ktime_get_ns() << 4;
	cost = bytes * 128000 / bucket->megabits;
	before = bucket->full_at;
	if (before < now)
		__sync_val_compare_and_swap(&bucket->full_at, before, now);
	before = __sync_fetch_and_add(&bucket->full_at, cost);
	/* Another processor may have set the clock behind ours, never by much. */
	if ((__s64)(before + cost - now) <= (__s64)bucket->depth)
		return true;
	__sync_fetch_and_add(&bucket->full_at, -cost);
	return false;
}

/* The virtual interface of a VLAN of a port. A port that is none itself may be a member that collects. */
static __always_inline struct vif *find(struct port_key *key)
{
	struct vif *vif = bpf_map_lookup_elem(&ports, key);
	struct membership *member;

	if (vif)
		return vif;
	member = bpf_map_lookup_elem(&collecting, &key->port);
	if (!member)
		return NULL;
	key->port = member->bundle;
	return bpf_map_lookup_elem(&ports, key);
}

static __always_inline __u32 mix(__u32 hash, __u32 word)
{
	hash ^= word;
	hash ^= hash >> 16;
	hash *= 0x85ebca6b;
	hash ^= hash >> 13;
	hash *= 0xc2b2ae35;
	return hash ^ hash >> 16;
}

/* The same for all packets of a flow: addresses, and ports where all of them have some. */
static __always_inline __u32 flow(struct __sk_buff *skb)
{
	__u32 start, hash, addresses[8] = {}, both = 0;
	__u8 protocol;

	if (skb->protocol == bpf_htons(ETH_P_IP)) {
		__u8 ip[12];

		if (bpf_skb_load_bytes(skb, ETH_HLEN, ip, sizeof(ip)) ||
		    bpf_skb_load_bytes(skb, ETH_HLEN + 12, addresses, 8))
			return 0;
		start = ETH_HLEN + (ip[0] & 15) * 4;
		protocol = ip[9];
		if ((ip[6] & 0x3f) || ip[7])
			protocol = 0; /* a fragment: others of the packet have no ports */
	} else if (skb->protocol == bpf_htons(ETH_P_IPV6)) {
		if (bpf_skb_load_bytes(skb, ETH_HLEN + 6, &protocol, 1) ||
		    bpf_skb_load_bytes(skb, ETH_HLEN + 8, addresses, sizeof(addresses)))
			return 0;
		start = ETH_HLEN + 40;
	} else {
		return 0;
	}
	hash = protocol;
	for (int i = 0; i < 8; i++)
		hash = mix(hash, addresses[i]);
	if (protocol == IPPROTO_TCP || protocol == IPPROTO_UDP)
		bpf_skb_load_bytes(skb, start, &both, 4);
	return mix(hash, both);
}

/* The member for a packet; 0: none distributes. Of members that come and go only their own flows move: each
 * flow has its favorite. */
static __always_inline __u32 member(struct __sk_buff *skb, __u32 number)
{
	struct bundle *bundle = bpf_map_lookup_elem(&bundles, &number);
	__u32 hash, chosen = 0, best = 0;

	if (!bundle)
		return 0;
	hash = flow(skb);
	for (int i = 0; i < MEMBERS; i++) {
		__u32 weight;

		if (i >= bundle->count)
			break;
		weight = mix(hash, bundle->ports[i] * 0x9e3779b1);
		if (!chosen || weight > best) {
			best = weight;
			chosen = bundle->ports[i];
		}
	}
	return chosen;
}

SEC("classifier") int port_in(struct __sk_buff *skb)
{
	struct port_key key = { .port = skb->ifindex };
	__u32 port = skb->ifindex;
	struct frame frame;
	struct counters *count;
	struct vif *vif;
	const __u16 *to, *own;
	__u16 copy[3];

	if (!skb->vlan_present) {
		/* LACP, LLDP and MKA are untagged and meant for the edge itself; frames of MACsec (0x88e5) for the
		 * interface over the port, which opens them. */
		if (skb->protocol == bpf_htons(0x8809) || skb->protocol == bpf_htons(0x88cc) ||
		    skb->protocol == bpf_htons(0x888e) || skb->protocol == bpf_htons(0x88e5))
			return TC_ACT_OK;
		return stray(port, 0);
	}
	key.vlan = skb->vlan_tci & 0xfff; /* priority bits are ignored */
	vif = find(&key);
	if (!vif || skb->vlan_proto != bpf_htons(ETH_P_8021Q))
		return stray(port, 1);
	if (bpf_skb_vlan_pop(skb))
		return stray(port, 2);
	/* A tag behind the tag is the one of the frame now: virtual interfaces have single ones. */
	if (skb->vlan_present)
		return stray(port, 1);
	/* bpf_redirect_peer skips the checks that a link makes: destination and length. */
	to = bytes(skb, 0, sizeof(copy), copy);
	if (!to)
		return stray(port, 2);
	count = bpf_map_lookup_elem(&stats, &vif->outer_end);
	if (!count)
		return TC_ACT_SHOT;
	own = (const __u16 *)vif->mac;
	if (!(*(const __u8 *)to & 1) && ((to[0] ^ own[0]) | (to[1] ^ own[1]) | (to[2] ^ own[2]))) {
		count->wrong_mac++;
		return TC_ACT_SHOT;
	}
	look(skb, &frame);
	if (frame.longest > vif->mtu) {
		count->too_long += frame.packets;
		return TC_ACT_SHOT;
	}
	if ((vif->flags & SOURCE_CHECK) && !may_send(skb, vif->outer_end)) {
		count->wrong_source += frame.packets;
		return TC_ACT_SHOT;
	}
	if (frame.control) {
		if (!fits(vif->outer_end, WAY_CONTROL, frame.bytes)) {
			count->control_policed += frame.packets;
			return TC_ACT_SHOT;
		}
	} else if ((vif->flags & POLICED) && !fits(vif->outer_end, WAY_IN, frame.bytes)) {
		count->in_policed_packets += frame.packets;
		count->in_policed_bytes += frame.bytes;
		return TC_ACT_SHOT;
	}
	count->in_packets += frame.packets;
	count->in_bytes += frame.bytes;
	/* What the gateway's kernel answers carries the mark of what it answers (fwmark_reflect). */
	skb->mark = vif->outer_end;
	return bpf_redirect_peer(vif->outer_end, 0);
}

SEC("classifier") int vif_in(struct __sk_buff *skb)
{
	__u32 outer_end = skb->ifindex;
	struct vif *vif = bpf_map_lookup_elem(&vifs, &outer_end);
	struct counters *count = bpf_map_lookup_elem(&stats, &outer_end);
	struct frame frame;
	__u32 port;

	if (!vif || !count)
		return TC_ACT_SHOT;
	port = vif->port;
	if (port & BUNDLE)
		port = member(skb, port);
	if (!port)
		return TC_ACT_SHOT;
	look(skb, &frame);
	if ((vif->flags & POLICED) && !frame.control && !fits(outer_end, WAY_OUT, frame.bytes)) {
		count->out_policed_packets += frame.packets;
		count->out_policed_bytes += frame.bytes;
		return TC_ACT_SHOT;
	}
	count->out_packets += frame.packets;
	count->out_bytes += frame.bytes;
	if (bpf_skb_vlan_push(skb, bpf_htons(ETH_P_8021Q), vif->vlan))
		return stray(port, 2);
	return bpf_redirect(port, 0);
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
