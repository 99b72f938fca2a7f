use tempfile::TempDir;

use super::*;
use crate::SharedStore;
use crate::conformance::{Engine, Instance};

struct Embedded;

struct Folder(TempDir);

impl Engine for Embedded {
    fn create(&self) -> Box<dyn Instance> {
        Box::new(Folder(TempDir::new().unwrap()))
    }
}

impl Instance for Folder {
    fn open(&mut self) -> BoxFuture<'_, SharedStore> {
        Box::pin(async move {
            let store = EmbeddedStore::open(self.0.path()).unwrap();
            Arc::new(store) as SharedStore
        })
    }
}

crate::conformance_suite!(conformance, Embedded);
