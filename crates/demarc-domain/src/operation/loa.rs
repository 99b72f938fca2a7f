//! TO WRITE

use demarc_api::{
    DescribeConnectionLoaRequest, DescribeConnectionLoaResponse, DescribeInterconnectLoaRequest,
    DescribeInterconnectLoaResponse, DescribeLoaRequest, Loa,
};

use crate::refusal::Refusal;
use crate::transaction::Transaction;

pub(crate) fn describe_connection(
    tx: &mut Transaction<'_>,
    input: &DescribeConnectionLoaRequest,
) -> Result<DescribeConnectionLoaResponse, Refusal> {
    unfinished!()
}

pub(crate) fn describe_interconnect(
    tx: &mut Transaction<'_>,
    input: &DescribeInterconnectLoaRequest,
) -> Result<DescribeInterconnectLoaResponse, Refusal> {
    unfinished!()
}

pub(crate) fn describe(
    tx: &mut Transaction<'_>,
    input: &DescribeLoaRequest,
) -> Result<Loa, Refusal> {
    unfinished!()
}
