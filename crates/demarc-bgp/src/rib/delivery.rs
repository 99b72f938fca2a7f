//! One member's part of a segment, and its Adj-RIB-Out.

use super::prefix::PrefixKey;
use super::segment::{Run, Segment, Source};
use super::session::{Counters, Member, Walk, WalkPurpose};
use super::table::{NetId, Table};
use crate::wire::UpdateEncoder;

pub(super) struct Delivery<'a, P> {
    pub(super) table: &'a Table<P>,
    pub(super) encoder: UpdateEncoder,
    pub(super) member: &'a mut Member,
    pub(super) counters: &'a mut Counters,
    pub(super) segment: &'a Segment,
    pub(super) out: &'a mut Vec<u8>,
}

impl<P: PrefixKey> Delivery<'_, P> {
    /// Sends a whole run that no limit counts.
    pub(super) fn announce(&mut self, run: &Run) {
        for net in &self.segment.nets[run.nets.clone()] {
            self.counters.advertised += u32::from(self.member.advertised.insert(net.0));
            self.forget_site_link(*net);
        }
        self.out
            .extend_from_slice(&self.segment.bytes[run.bytes.clone()]);
    }

    /// Sends as much of a run of another interface as the member's limit allows.
    pub(super) fn announce_capped(&mut self, run: &Run) {
        let Some(cap) = self.member.cap.as_mut() else {
            return self.announce(run);
        };
        let nets = &self.segment.nets[run.nets.clone()];
        let (mut sent, mut left_out) = (Vec::new(), Vec::new());
        for net in nets {
            if cap.site_link.contains(net.0) {
                sent.push(*net);
            } else if self.counters.advertised_site_link < cap.limit {
                cap.site_link.insert(net.0);
                self.counters.advertised_site_link += 1;
                sent.push(*net);
            } else {
                left_out.push(*net);
            }
        }
        cap.reached |= !left_out.is_empty();
        for net in &sent {
            self.counters.advertised += u32::from(self.member.advertised.insert(net.0));
        }
        // The network itself may have originated it before.
        left_out.retain(|net| self.member.advertised.remove(net.0));
        self.counters.advertised -= u32::try_from(left_out.len()).expect("a part of a segment");
        self.send_withdrawals(&left_out);
        if sent.len() == nets.len() {
            self.out
                .extend_from_slice(&self.segment.bytes[run.bytes.clone()]);
        } else if let Some(attributes) = &run.attributes {
            let prefixes = sent.iter().map(|net| self.table.prefix(*net));
            // What fitted with all prefixes fits with some.
            let encoded = self.encoder.announce(attributes, prefixes, self.out);
            debug_assert!(encoded.is_ok());
        }
    }

    /// Withdraws what the member has of a run.
    pub(super) fn withdraw(&mut self, run: &Run) {
        let nets = &self.segment.nets[run.nets.clone()];
        let mut gone = Vec::with_capacity(nets.len());
        for net in nets {
            if self.member.advertised.remove(net.0) {
                self.counters.advertised -= 1;
                self.forget_site_link(*net);
                gone.push(*net);
            }
        }
        if run.source == Source::Withdrawn && gone.len() == nets.len() {
            self.out
                .extend_from_slice(&self.segment.bytes[run.bytes.clone()]);
        } else {
            self.send_withdrawals(&gone);
        }
    }

    /// When routes were left out and there is room now, the table is walked for some to send.
    pub(super) fn refill(&mut self, net_bound: u32) {
        let Some(cap) = &self.member.cap else { return };
        let room = self.counters.advertised_site_link < cap.limit;
        if cap.reached && room && self.member.walk.is_none() {
            self.member.walk = Some(Walk {
                next: 0,
                end: net_bound,
                purpose: WalkPurpose::Fill,
            });
        }
    }

    fn send_withdrawals(&mut self, nets: &[NetId]) {
        if !nets.is_empty() {
            self.encoder
                .withdraw(nets.iter().map(|net| self.table.prefix(*net)), self.out);
        }
    }

    fn forget_site_link(&mut self, net: NetId) {
        if let Some(cap) = &mut self.member.cap
            && cap.site_link.remove(net.0)
        {
            self.counters.advertised_site_link -= 1;
        }
    }
}
