//! Content as Looker shows it.

use serde_json::{Value, json};

use super::{Content, Dashboard, Filter, Folder, Holds, Listens, Look, Tile};

/// A dashboard with all its parts.
pub fn dashboard(content: &Content, dashboard: &Dashboard, base: &str) -> Value {
    let tiles = dashboard
        .tiles
        .iter()
        .map(|tile| element(content, dashboard, tile, base));
    let tiles: Vec<_> = tiles.collect();
    let link = dashboard.is_lookml().then(|| dashboard.id.clone());
    json!({
        "id": dashboard.id,
        "title": dashboard.title,
        "description": dashboard.description,
        "slug": dashboard.slug,
        "hidden": false,
        "deleted": dashboard.deleted,
        "readonly": dashboard.is_lookml(),
        "preferred_viewer": "dashboards-next",
        "query_timezone": dashboard.zone,
        "refresh_interval": null,
        "load_configuration": "cache_run",
        "filters_bar_collapsed": false,
        "crossfilter_enabled": false,
        "show_title": true,
        "model": dashboard.is_lookml().then(|| json!({"id": "shop", "label": "Shop"})),
        "lookml_link_id": link,
        "folder": folder(dashboard.folder),
        "user_id": "7",
        "user_name": "Ada Admin",
        "content_metadata_id": dashboard.id,
        "view_count": 0,
        "favorite_count": 0,
        "created_at": "2024-01-15T09:00:00Z",
        "updated_at": "2026-02-01T09:00:00Z",
        "url": format!("{base}/dashboards/{}", dashboard.id),
        "dashboard_elements": tiles,
        "dashboard_filters": dashboard.filters.iter().enumerate().map(|(row, filter)| self::filter(dashboard, filter, row)).collect::<Vec<_>>(),
        "dashboard_layouts": [layout(dashboard)],
        "can": {"show": true, "run": true},
    })
}

fn layout(dashboard: &Dashboard) -> Value {
    let places = dashboard.tiles.iter().enumerate().map(|(at, tile)| {
        json!({
            "id": format!("{}{:02}", dashboard.slug, at),
            "dashboard_layout_id": dashboard.slug,
            "dashboard_element_id": tile.id,
            "row": at / 2 * 6,
            "column": at % 2 * 12,
            "width": 12,
            "height": 6,
            "deleted": false,
        })
    });
    json!({
        "id": dashboard.slug,
        "dashboard_id": dashboard.id,
        "type": "newspaper",
        "active": true,
        "column_width": null,
        "width": null,
        "deleted": false,
        "dashboard_layout_components": places.collect::<Vec<_>>(),
    })
}

/// A folder.
pub fn folder(folder: &Folder) -> Value {
    json!({
        "id": folder.id,
        "name": folder.name,
        "parent_id": folder.parent_id,
        "is_personal": false,
        "is_embed": false,
        "content_metadata_id": folder.id,
        "child_count": 0,
    })
}

/// A filter of a dashboard.
pub fn filter(dashboard: &Dashboard, filter: &Filter, row: usize) -> Value {
    let of_field = filter.field.map(|_| "orders");
    json!({
        "id": filter.id,
        "dashboard_id": dashboard.id,
        "name": filter.name,
        "title": filter.name,
        "type": filter.kind,
        "default_value": filter.default_value,
        "model": filter.field.map(|_| "shop"),
        "explore": of_field,
        "dimension": filter.field,
        "field": null,
        "row": row,
        "listens_to_filters": [],
        "allow_multiple_values": true,
        "required": false,
        "ui_config": {"type": "advanced", "display": "popover"},
    })
}

/// A tile.
pub fn element(content: &Content, dashboard: &Dashboard, tile: &Tile, base: &str) -> Value {
    let (mut query, mut look, mut merge) = (Value::Null, Value::Null, Value::Null);
    let (mut kind, mut words, mut button, mut statement) =
        ("vis", Value::Null, Value::Null, Value::Null);
    let mut vis_config = Value::Null;
    match &tile.holds {
        Holds::Query(stored) => {
            query = stored.shown(base);
            vis_config = query["vis_config"].clone();
        }
        Holds::Look(id) => {
            look = content
                .look(id)
                .map(|found| self::look(found, base))
                .unwrap_or_default();
            vis_config = look["query"]["vis_config"].clone();
        }
        Holds::Merge(id) => {
            merge = json!(id);
            let chart = content
                .merges
                .iter()
                .find(|merge| merge.id == *id)
                .map(|merge| merge.chart);
            vis_config = json!({"type": chart});
        }
        Holds::Statement(slug) => {
            statement = json!(slug);
            vis_config = json!({"type": "looker_line"});
        }
        Holds::Text(text) => (kind, words) = ("text", json!(text)),
        Holds::Button(text) => {
            kind = "button";
            let link =
                json!({"text": text, "href": "https://example.com/handbook", "newTab": true});
            button = json!(link.to_string());
        }
    }
    let maker = matches!(kind, "vis").then(|| {
        let of_look = &look["query"];
        let shown = if query.is_null() {
            of_look.clone()
        } else {
            query.clone()
        };
        json!({
            "id": format!("9{}", tile.id),
            "dynamic_fields": shown["dynamic_fields"],
            "filterables": tile.listens.iter().map(filterable).collect::<Vec<_>>(),
            "sorts": shown["sorts"],
            "merge_result_id": merge,
            "total": shown["total"],
            "query_id": shown["id"],
            "sql_query_id": statement,
            "query": shown,
            "vis_config": vis_config,
        })
    });
    let query_id = query["id"].clone();
    json!({
        "id": tile.id,
        "dashboard_id": dashboard.id,
        "type": kind,
        "title": tile.title,
        "title_text": words,
        "subtitle_text": null,
        "body_text": if words.is_null() { Value::Null } else { json!("Numbers move as time goes on.") },
        "title_hidden": false,
        "note_text": null,
        "note_display": null,
        "note_state": null,
        "look": look,
        "look_id": look["id"],
        "query": query,
        "query_id": query_id,
        "merge_result_id": merge,
        "result_maker_id": maker.as_ref().map(|maker| maker["id"].clone()),
        "result_maker": maker,
        "refresh_interval": null,
        "rich_content_json": button,
        "extension_id": null,
        "alert_count": 0,
        "lookml_link_id": tile.lookml_link_id,
        "edit_uri": null,
        "deleted": false,
    })
}

fn filterable(listens: &Listens) -> Value {
    let to = listens
        .to
        .iter()
        .map(|(name, field)| json!({"dashboard_filter_name": name, "field": field}));
    json!({
        "model": "shop",
        "view": listens.explore,
        "name": listens.name,
        "listen": to.collect::<Vec<_>>(),
    })
}

/// A look with its query.
pub fn look(look: &Look, base: &str) -> Value {
    json!({
        "id": look.id,
        "title": look.title,
        "description": null,
        "deleted": look.deleted,
        "public": false,
        "is_run_on_load": true,
        "folder": folder(look.folder),
        "folder_id": look.folder.id,
        "user_id": "7",
        "model": {"id": "shop", "label": "Shop"},
        "query_id": look.stored.id,
        "query": look.stored.shown(base),
        "short_url": format!("/looks/{}", look.id),
        "url": format!("{base}/looks/{}", look.id),
        "content_metadata_id": look.id,
        "created_at": "2024-01-15T09:00:00Z",
        "updated_at": "2026-02-01T09:00:00Z",
        "can": {"show": true, "run": true},
    })
}
