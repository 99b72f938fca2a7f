//! Who is in which export group.

use super::bits::BitSet;
use super::engine::Rib;
use super::group::{Group, GroupIndex, GroupKey, Selection};
use super::prefix::PrefixKey;
use super::session::{Cap, Established, Export, Member, SessionIndex, Up, Walk, WalkPurpose};
use crate::policy::{Announcer, InterfaceKind};
use crate::wire::UpdateEncoder;

impl<P: PrefixKey> Rib<P> {
    fn selection(&self, index: SessionIndex) -> Selection {
        let config = &self.session(index).config;
        match (config.export, config.import.kind, config.site_link) {
            (Export::Nothing, _, _) => Selection::Nothing,
            (Export::Policy, InterfaceKind::Private | InterfaceKind::Transit, Some(_)) => {
                Selection::WithSiteLink
            }
            (Export::Policy, InterfaceKind::Public, _) | (Export::Policy, _, None) => {
                Selection::Originated
            }
        }
    }

    fn group_key(&self, index: SessionIndex, established: Established) -> GroupKey {
        let config = &self.session(index).config;
        GroupKey {
            announcer: Announcer {
                kind: config.import.kind,
                local_asn: config.import.local_asn,
                next_hop: established.next_hop,
                public_path: config.public_path,
                nearest: config.nearest,
            },
            selection: self.selection(index),
            device: config.device,
            encoder: UpdateEncoder {
                family: P::FAMILY,
                four_octet_asn: established.four_octet_asn,
            },
        }
    }

    fn group_for(&mut self, key: GroupKey) -> GroupIndex {
        if let Some(same) = self.groups.iter().position(|group| group.key == key) {
            return GroupIndex(same);
        }
        let free = self
            .groups
            .iter()
            .position(|group| group.members.is_empty());
        let index = free.unwrap_or(self.groups.len());
        if index == self.groups.len() {
            self.groups.push(Group::new(key));
        } else {
            self.groups[index] = Group::new(key);
        }
        GroupIndex(index)
    }

    fn cap(&self, index: SessionIndex) -> Option<Cap> {
        let limit = self.session(index).config.site_link?.limit?;
        Some(Cap {
            limit,
            site_link: BitSet::default(),
            reached: false,
        })
    }

    pub(super) fn join(&mut self, index: SessionIndex, established: Established) {
        self.leave(index);
        let member = (self.selection(index) != Selection::Nothing).then(|| {
            let group = self.group_for(self.group_key(index, established));
            Member {
                group,
                cursor: self.groups[group.0].join(index),
                walk: Some(Walk {
                    next: 0,
                    end: self.table.net_bound(),
                    purpose: WalkPurpose::Fill,
                }),
                advertised: BitSet::default(),
                cap: self.cap(index),
                unsendable: None,
                is_idle: false,
            }
        });
        self.session_mut(index).up = Some(Up {
            established,
            member,
            end_of_rib_owed: established.end_of_rib,
            begin_refresh_owed: false,
            end_refresh_owed: false,
            refresh_owed: None,
        });
        self.ready.push(index);
    }

    pub(super) fn leave(&mut self, index: SessionIndex) {
        let session = self.session_mut(index);
        session.counters.advertised = 0;
        session.counters.advertised_site_link = 0;
        if let Some(member) = session.up.take().and_then(|up| up.member) {
            self.groups[member.group.0].leave(index);
        }
    }

    /// After a change of configuration: the neighbor is sent what differs.
    pub(super) fn change_membership(&mut self, index: SessionIndex) {
        let Some(established) = self.session(index).up.as_ref().map(|up| up.established) else {
            return;
        };
        let key = self.group_key(index, established);
        let cap = self.cap(index);
        let end = self.table.net_bound();
        let Some(up) = self.session_mut(index).up.as_mut() else {
            return;
        };
        let Some(mut member) = up.member.take() else {
            if key.selection != Selection::Nothing {
                let end_of_rib = Established {
                    end_of_rib: false,
                    ..established
                };
                self.join(index, end_of_rib);
            }
            return;
        };
        let same_limit =
            member.cap.as_ref().map(|cap| cap.limit) == cap.as_ref().map(|cap| cap.limit);
        let unchanged = self.groups[member.group.0].key == key && same_limit;
        if !unchanged {
            self.groups[member.group.0].leave(index);
            member.group = self.group_for(key);
            member.cursor = self.groups[member.group.0].join(index);
            member.walk = Some(Walk {
                next: 0,
                end,
                purpose: WalkPurpose::Renew,
            });
            member.cap = cap;
            member.unsendable = None;
            member.is_idle = false;
            self.session_mut(index).counters.advertised_site_link = 0;
            self.ready.push(index);
        }
        if let Some(up) = self.session_mut(index).up.as_mut() {
            up.member = Some(member);
        }
    }
}
