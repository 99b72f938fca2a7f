//! Rows of spec/operations §9 and spec/states §10, each named.
