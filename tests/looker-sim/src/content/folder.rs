//! Folders.

/// A folder.
#[derive(Debug, PartialEq, Eq)]
pub struct Folder {
    /// Its id.
    pub id: &'static str,
    /// Its name.
    pub name: &'static str,
    /// The folder it lies in.
    pub parent_id: Option<&'static str>,
}

/// All folders.
pub static FOLDERS: [Folder; 6] = [
    Folder {
        id: "1",
        name: "Shared",
        parent_id: None,
    },
    Folder {
        id: "2",
        name: "Sales",
        parent_id: Some("1"),
    },
    Folder {
        id: "3",
        name: "Finance",
        parent_id: Some("1"),
    },
    Folder {
        id: "4",
        name: "Operations",
        parent_id: Some("1"),
    },
    Folder {
        id: "5",
        name: "Archive",
        parent_id: Some("1"),
    },
    Folder {
        id: "lookml",
        name: "LookML Dashboards",
        parent_id: None,
    },
];

pub(super) static SALES: &Folder = &FOLDERS[1];
pub(super) static FINANCE: &Folder = &FOLDERS[2];
pub(super) static OPERATIONS: &Folder = &FOLDERS[3];
pub(super) static ARCHIVE: &Folder = &FOLDERS[4];
pub(super) static LOOKML: &Folder = &FOLDERS[5];
