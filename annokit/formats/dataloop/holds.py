"""What Dataloop can hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from annokit.formats.dataloop import fit_absent, fit_frames, fit_places, fit_poses, fit_rows, fit_shapes, fit_video
from annokit.formats.dataloop.fit_labels import fit_labels
from annokit.formats.holds import Holds, Step
from annokit.formats.json_values import sayable

LATE: tuple[Step, ...] = (
    fit_rows.known_kinds,
    fit_rows.own_status,
    fit_rows.own_ids,
    fit_rows.as_text,
    fit_rows.named_attributes,
    fit_rows.spans_in_time,
    fit_video.shapes_in_time,
    fit_shapes.in_pixels,
    fit_shapes.empty_shapes,
    fit_shapes.nested_polygons,
    fit_shapes.one_cuboid,
    fit_video.text_tracks,
    fit_video.in_order,
    fit_video.held_states,
    fit_labels,
    fit_poses.seen_joints,
    fit_poses.whole_skeletons,
    fit_shapes.pictured_masks,
    fit_rows.fresh_marks,
    fit_rows.parents_nearby,
)
"""Steps of narrowing once what the platform does not know is gone."""


def holds(dialect: Any, options: Mapping[str, Any]) -> Holds:
    """Return what item documents can hold."""
    return Holds(
        mask_encodings=frozenset(("datauri", "rle", "runs")),
        annotation_fields=frozenset((
            "span", "id", "track", "keyframe", "interpolation", "score", "parent", "author", "created", "updated",
            "review",
        )),
        item_fields=frozenset(("id", "uri", "size", "sequence", "status")),
        label_facets=frozenset(("parent", "color", "attributes", "skeleton", "extras")),
        sequence_fields=frozenset(("id", "name", "fps", "size", "frames")),
        sequence_attributes=False,
        extras=("dataloop",),
        info=False,
        unit="pixel",
        form="xyxy",
        time_unit="s",
        sorted_items=True,
        steps=(sayable, fit_frames.frames_as_videos),
        late_steps=LATE,
        final_steps=(
            fit_video.one_sequence_each,
            fit_video.own_starts,
            fit_places.snapshots_in_place,
            fit_places.in_place,
            fit_absent.flags_that_are_on,
            fit_absent.stated_by_now,
        ),
        notes="A document per item. A state of a video holds until the next one.",
    )  # fmt: skip
