//! Rows of spec/operations §9 and spec/states §8, each named.
