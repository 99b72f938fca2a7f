//! TO WRITE

use demarc_api::{
    AllocatePrivateVirtualInterfaceRequest, AllocatePublicVirtualInterfaceRequest,
    AllocateTransitVirtualInterfaceRequest, AllocateTransitVirtualInterfaceResult,
    AssociateVirtualInterfaceRequest, ConfirmPrivateVirtualInterfaceRequest,
    ConfirmPrivateVirtualInterfaceResponse, ConfirmPublicVirtualInterfaceRequest,
    ConfirmPublicVirtualInterfaceResponse, ConfirmTransitVirtualInterfaceRequest,
    ConfirmTransitVirtualInterfaceResponse, CreatePrivateVirtualInterfaceRequest,
    CreatePublicVirtualInterfaceRequest, CreateTransitVirtualInterfaceRequest,
    CreateTransitVirtualInterfaceResult, DeleteVirtualInterfaceRequest,
    DeleteVirtualInterfaceResponse, DescribeVirtualInterfacesRequest,
    UpdateVirtualInterfaceAttributesRequest, VirtualInterface, VirtualInterfaces,
};

use crate::context::Context;
use crate::refusal::Refusal;
use crate::transaction::Transaction;
use crate::world::World;

pub(crate) fn describe(
    world: &World,
    context: &Context,
    input: &DescribeVirtualInterfacesRequest,
) -> Result<VirtualInterfaces, Refusal> {
    unfinished!()
}

pub(crate) fn allocate_private(
    tx: &mut Transaction<'_>,
    input: &AllocatePrivateVirtualInterfaceRequest,
) -> Result<VirtualInterface, Refusal> {
    unfinished!()
}

pub(crate) fn allocate_public(
    tx: &mut Transaction<'_>,
    input: &AllocatePublicVirtualInterfaceRequest,
) -> Result<VirtualInterface, Refusal> {
    unfinished!()
}

pub(crate) fn allocate_transit(
    tx: &mut Transaction<'_>,
    input: &AllocateTransitVirtualInterfaceRequest,
) -> Result<AllocateTransitVirtualInterfaceResult, Refusal> {
    unfinished!()
}

pub(crate) fn associate(
    tx: &mut Transaction<'_>,
    input: &AssociateVirtualInterfaceRequest,
) -> Result<VirtualInterface, Refusal> {
    unfinished!()
}

pub(crate) fn confirm_private(
    tx: &mut Transaction<'_>,
    input: &ConfirmPrivateVirtualInterfaceRequest,
) -> Result<ConfirmPrivateVirtualInterfaceResponse, Refusal> {
    unfinished!()
}

pub(crate) fn confirm_public(
    tx: &mut Transaction<'_>,
    input: &ConfirmPublicVirtualInterfaceRequest,
) -> Result<ConfirmPublicVirtualInterfaceResponse, Refusal> {
    unfinished!()
}

pub(crate) fn confirm_transit(
    tx: &mut Transaction<'_>,
    input: &ConfirmTransitVirtualInterfaceRequest,
) -> Result<ConfirmTransitVirtualInterfaceResponse, Refusal> {
    unfinished!()
}

pub(crate) fn create_private(
    tx: &mut Transaction<'_>,
    input: &CreatePrivateVirtualInterfaceRequest,
) -> Result<VirtualInterface, Refusal> {
    unfinished!()
}

pub(crate) fn create_public(
    tx: &mut Transaction<'_>,
    input: &CreatePublicVirtualInterfaceRequest,
) -> Result<VirtualInterface, Refusal> {
    unfinished!()
}

pub(crate) fn create_transit(
    tx: &mut Transaction<'_>,
    input: &CreateTransitVirtualInterfaceRequest,
) -> Result<CreateTransitVirtualInterfaceResult, Refusal> {
    unfinished!()
}

pub(crate) fn delete(
    tx: &mut Transaction<'_>,
    input: &DeleteVirtualInterfaceRequest,
) -> Result<DeleteVirtualInterfaceResponse, Refusal> {
    unfinished!()
}

pub(crate) fn update(
    tx: &mut Transaction<'_>,
    input: &UpdateVirtualInterfaceAttributesRequest,
) -> Result<VirtualInterface, Refusal> {
    unfinished!()
}

/// Fires the deadline of the entity.
pub(crate) fn step(tx: &mut Transaction<'_>, entity: &crate::entity::VirtualInterface) {
    unfinished!()
}
