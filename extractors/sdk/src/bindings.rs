//! What `wit-bindgen` makes of the contract in `wit/`. The types of both worlds are one set: the
//! second world takes those of the first, so that a control is a control wherever it is used.
//!
//! Authors use [`crate::chart`] and [`crate::events`]; this module is public only because the
//! export macros name it.

#![expect(
    missing_docs,
    reason = "generated: the contract's own comments are the documentation"
)]

pub mod chart_extractor {
    wit_bindgen::generate!({
        path: "../../wit/1.2.0",
        world: "light-chart-extractor",
        pub_export_macro: true,
        export_macro_name: "export_chart_world",
        default_bindings_module: "lensmount_sdk::bindings::chart_extractor",
        additional_derives: [PartialEq],
    });
}

pub mod event_mapper {
    wit_bindgen::generate!({
        path: "../../wit/1.2.0",
        world: "light-event-mapper",
        with: {
            "lensmount:extractor/types@1.2.0": crate::bindings::chart_extractor::lensmount::extractor::types,
            "lensmount:extractor/log@1.2.0": crate::bindings::chart_extractor::lensmount::extractor::log,
            "lensmount:extractor/lines@1.2.0": crate::bindings::chart_extractor::lensmount::extractor::lines,
            "lensmount:extractor/zones@1.2.0": crate::bindings::chart_extractor::lensmount::extractor::zones,
        },
        pub_export_macro: true,
        export_macro_name: "export_event_world",
        default_bindings_module: "lensmount_sdk::bindings::event_mapper",
        additional_derives: [PartialEq],
    });
}
