"""What layers mix, against arrays worked out by hand. `#` = moves, or real where it is a mask."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from mixed_calls import call_of, drawn, operation, steps

from maskprobe.static.mixing.call import MixedCall
from maskprobe.static.mixing.table import LAYERS, moves

SEQUENCE = (1, 6, 4)
CONV: dict[str, Any] = {"kernel_size": [3], "strides": [1], "dilation_rate": [1], "padding": "same", "groups": 1}


def moved_by(call: MixedCall, *rows: str) -> list[str]:
    """What moves in the first output if the steps `rows` of the first input do."""
    found = moves(call, [steps(*rows)[..., None], *([None] * (len(call.inputs) - 1))])
    assert found is not None
    return drawn(found[0])


@pytest.mark.parametrize(
    ("settings", "size", "expected"),
    [
        # Each output step sees one neighbour on either side: 2, 3 and 4 see step 3.
        ({}, 6, "..###."),
        # Windows 0-2, 1-3, 2-4, 3-5.
        ({"padding": "valid"}, 4, ".###"),
        # Step t sees t-2, t-1 and t.
        ({"padding": "causal"}, 6, "...###"),
        # Step t sees t-2, t and t+2.
        ({"dilation_rate": [2]}, 6, ".#.#.#"),
        # Three windows; 1 is missing, so that it comes after: 0-2, 2-4, 4-6.
        ({"strides": [2]}, 3, ".#."),
        # Width 2: the missing step comes after, t sees t and t+1.
        ({"kernel_size": [2]}, 6, "..##.."),
    ],
)
def test_a_convolution_reaches_as_far_as_its_window(settings: dict[str, Any], size: int, expected: str) -> None:
    assert moved_by(call_of("Conv1D", [SEQUENCE], [(1, size, 8)], CONV | settings), "...#..") == [expected]


def test_pooling_takes_steps_in_pairs() -> None:
    call = call_of("MaxPooling1D", [SEQUENCE], [(1, 3, 4)], {"pool_size": [2], "strides": [2], "padding": "valid"})
    assert moved_by(call, "...#..") == [".#."]


def test_a_transposed_convolution_spreads_a_step() -> None:
    """Stride 2 and width 3: step 1 goes to 2, 3 and 4 of seven."""
    call = call_of("Conv1DTranspose", [(1, 3, 4)], [(1, 7, 8)], CONV | {"strides": [2], "padding": "valid"})
    assert moved_by(call, ".#.") == ["..###.."]


@pytest.mark.parametrize(
    ("settings", "mask", "expected"),
    [
        ({}, None, "..####"),
        # Steps 2 and 3 are masked: what step 2 holds is not read, and 4 is the first that could move.
        ({}, "##..##", "......"),
        ({}, "###.##", "..####"),
        ({"zero_output_for_mask": True}, "###.##", "..#.##"),
        ({"go_backwards": True}, None, "...###"),
    ],
)
def test_a_recurrent_layer_carries_a_step_on(settings: dict[str, Any], mask: str | None, expected: str) -> None:
    masks = {} if mask is None else {"mask": steps(mask)}
    call = call_of("GRU", [SEQUENCE], [(1, 6, 3)], {"return_sequences": True} | settings, masks)
    assert moved_by(call, "..#...") == [expected]


def test_a_first_state_moves_all_but_the_zeros_before_the_first_real_step() -> None:
    call = call_of("GRU", [SEQUENCE, (1, 3)], [(1, 6, 3)], {"return_sequences": True}, {"mask": steps("..####")})
    found = moves(call, [None, np.ones((1, 1), np.bool_)])
    assert found is not None
    assert drawn(found[0]) == ["..####"]


def test_a_row_without_real_steps_hands_its_first_state_on() -> None:
    config = {"return_sequences": False, "return_state": True}
    call = call_of("GRU", [SEQUENCE, (1, 3)], [(1, 3), (1, 3)], config, {"mask": steps("......")})
    found = moves(call, [None, np.ones((1, 1), np.bool_)])
    assert found is not None
    assert [one.tolist() for one in found] == [[[False]], [[True]]]


def test_both_directions_meet() -> None:
    config = {"layer": {"class_name": "LSTM", "config": {"return_sequences": True}}, "merge_mode": None}
    call = call_of("Bidirectional", [SEQUENCE], [(1, 6, 3), (1, 6, 3)], config)
    found = moves(call, [steps("..#...")[..., None]])
    assert found is not None
    assert [drawn(one) for one in found] == [["..####"], ["###..."]]


def test_a_custom_cell_cannot_be_known() -> None:
    cell = {"class_name": "GRUCell", "module": "mine", "config": {}}
    call = call_of("RNN", [SEQUENCE], [(1, 3)], {"cell": cell})
    assert moves(call, [steps("..#...")[..., None]]) is None
    own = {"class_name": "GRUCell", "module": "keras.layers", "config": {}}
    assert moves(replace(call, config={"cell": own}), [steps("..#...")[..., None]]) is not None


def attention(masks: dict[str, Any] | None = None, **keywords: Any) -> MixedCall:
    shapes = [(1, 3, 4), (1, 4, 4)]
    return call_of("Attention", shapes, [(1, 3, 4), (1, 3, 4)], {}, masks, keywords=keywords)


@pytest.mark.parametrize(
    ("masks", "keywords", "expected"),
    [
        ({}, {}, "###"),
        # The value that moves is hidden.
        ({"mask.1": steps("##.#")}, {}, "..."),
        # Queries 0 and 1 do not look so far ahead.
        ({}, {"use_causal_mask": True}, "..#"),
        # A masked query is zero.
        ({"mask.0": steps("##.")}, {}, "##."),
    ],
)
def test_a_query_moves_if_what_it_sees_does(masks: dict[str, Any], keywords: dict[str, Any], expected: str) -> None:
    found = moves(attention(masks, **keywords), [None, steps("..#.")[..., None]])
    assert found is not None
    assert drawn(found[0]) == [expected]


def test_scores_of_hidden_keys_stay_and_those_of_a_single_key_are_one() -> None:
    found = moves(attention({"mask.1": steps("#.##")}), [steps(".#.")[..., None], None])
    assert found is not None
    assert found[1][0].astype(int).tolist() == [[0, 0, 0, 0], [1, 0, 1, 1], [0, 0, 0, 0]]
    alone = moves(attention({"mask.1": steps("#...")}), [steps(".#.")[..., None], None])
    assert alone is not None
    assert not alone[0].any()


def test_an_attention_mask_of_unknown_values_cannot_be_known() -> None:
    call = call_of("MultiHeadAttention", [(1, 3, 4), (1, 4, 4)], [(1, 3, 4)], {}, {"attention_mask": None})
    assert moves(call, [None, steps("..#.")[..., None]]) is None
    known = replace(call, masks={"attention_mask": np.array([[[1, 1, 0, 1], [1, 1, 1, 1], [0, 0, 1, 0]]], np.bool_)})
    found = moves(known, [None, steps("..#.")[..., None]])
    assert found is not None
    assert drawn(found[0]) == [".##"]


def test_moments_over_time_move_the_whole_row() -> None:
    assert moved_by(call_of("LayerNormalization", [SEQUENCE], [SEQUENCE], {"axis": [1, 2]}), "...#..") == ["#"]
    assert moved_by(call_of("LayerNormalization", [SEQUENCE], [SEQUENCE], {"axis": [2]}), "...#..") == ["...#.."]
    assert moved_by(call_of("GroupNormalization", [SEQUENCE], [SEQUENCE], {"axis": -1, "groups": 2}), "...#..") == ["#"]


def test_global_average_leaves_out_what_the_mask_hides() -> None:
    call = call_of("GlobalAveragePooling1D", [SEQUENCE], [(1, 4)], {}, {"mask": steps("###...")})
    assert moved_by(call, "...###") == ["."]
    assert moved_by(call, "..####") == ["#"]
    assert moved_by(replace(call, masks={}), "...###") == ["#"]


def test_softmax_over_time_leaves_out_what_the_mask_hides() -> None:
    masks = {"mask": steps("###...")[..., None]}
    call = call_of("Softmax", [SEQUENCE], [SEQUENCE], {"axis": 1}, masks)
    assert moved_by(call, "..#...") == ["###..."]
    assert moved_by(call, "...#..") == ["......"]


def test_reshaping_follows_the_order_of_the_numbers() -> None:
    # Six steps of two features are three steps of four: 2 and 3 are in the second.
    call = call_of("Reshape", [(1, 6, 2)], [(1, 3, 4)])
    assert moves(call, [steps("..#...")[..., None]])[0].astype(int).tolist() == [  # type: ignore[index]
        [[0, 0, 0, 0], [1, 1, 0, 0], [0, 0, 0, 0]]
    ]
    assert moved_by(call_of("Flatten", [(1, 3, 2)], [(1, 6)]), ".#.") == ["..##.."]
    assert moves(call_of("Permute", [SEQUENCE], [(1, 4, 6)], {"dims": [2, 1]}), [steps("..#...")[..., None]])[
        0
    ].shape == (1, 1, 6)  # type: ignore[index]


def test_ends_are_cut_and_added() -> None:
    assert moved_by(call_of("Cropping1D", [SEQUENCE], [(1, 3, 4)], {"cropping": [1, 2]}), ".#...#") == ["#.."]
    assert moved_by(call_of("ZeroPadding1D", [SEQUENCE], [(1, 9, 4)], {"padding": [1, 2]}), "######") == [".######.."]
    assert moved_by(call_of("UpSampling1D", [(1, 3, 4)], [(1, 6, 4)], {"size": 2}), ".#.") == ["..##.."]
    assert moves(call_of("RepeatVector", [(1, 4)], [(1, 3, 4)], {"n": 3}), [np.ones((1, 1), np.bool_)])[0].all()  # type: ignore[index]


def test_tensors_put_together() -> None:
    pair = [SEQUENCE, SEQUENCE]
    one, other = steps("#.....")[..., None], steps(".....#")[..., None]
    added = moves(call_of("Add", pair, [SEQUENCE]), [one, other])
    joined = moves(call_of("Concatenate", pair, [(1, 12, 4)], {"axis": 1}), [one, other])
    dot = moves(call_of("Dot", pair, [(1, 6, 6)], {"axes": 2}), [one, None])
    assert added is not None
    assert joined is not None
    assert dot is not None
    assert drawn(added[0]) == ["#....#"]
    assert drawn(joined[0]) == ["#..........#"]
    assert np.broadcast_to(dot[0], (1, 6, 6))[0].astype(int).tolist() == [[1] * 6] + [[0] * 6] * 5


@pytest.mark.parametrize(("generation", "expected"), [(2, "####.."), (3, "##....")])
def test_keras_3_multiplies_only_what_the_masks_show(generation: int, expected: str) -> None:
    call = call_of("Multiply", [SEQUENCE, SEQUENCE], [SEQUENCE], generation=generation)
    inputs = tuple(replace(one, mask=steps("##..##")) for one in call.inputs)
    assert moved_by(replace(call, inputs=inputs), "####..") == [expected]


def test_a_layer_inside_works_on_each_step() -> None:
    inner = {"class_name": "Conv1D", "config": CONV, "module": "keras.layers"}
    call = call_of("TimeDistributed", [(1, 2, 3, 4)], [(1, 2, 3, 8)], {"layer": inner})
    found = moves(call, [np.array([[1, 0, 0], [0, 0, 0]], np.bool_).reshape(1, 2, 3, 1)])
    assert found is not None
    assert found[0][..., 0].astype(int).tolist() == [[[1, 1, 0], [0, 0, 0]]]


@pytest.mark.parametrize("name", ["Lambda", "mine.Dense", "TFOpLambda", "Nothing"])
def test_other_code_cannot_be_known(name: str) -> None:
    assert moves(call_of(name, [SEQUENCE], [SEQUENCE]), [steps("..#...")[..., None]]) is None


@pytest.mark.parametrize("name", sorted(LAYERS))
@pytest.mark.parametrize("shapes", [[SEQUENCE], [SEQUENCE, SEQUENCE], [(1, 6)], [(1,)], []])
@pytest.mark.parametrize("config", [{}, {"axis": "x", "layer": 3, "kernel_size": -1, "dims": [9], "cropping": "abc"}])
def test_no_config_makes_it_fail(name: str, shapes: list[tuple[int, ...]], config: dict[str, Any]) -> None:
    call = call_of(name, shapes, [(1, 5, 3)], config)
    found = moves(call, [np.ones((1,) * len(shape), np.bool_) for shape in shapes])
    assert found is None or [one.ndim for one in found] == [3]


def test_sizes_that_nothing_can_hold_are_refused() -> None:
    call = call_of("Conv1D", [SEQUENCE], [SEQUENCE], CONV | {"kernel_size": [10**12]})
    assert moves(call, [steps("..#...")[..., None]]) is None
    tiled = operation("tile", [SEQUENCE], [(1, 6 * 10**12, 4)], repeats=[1, 10**12, 1])
    assert moves(tiled, [steps("..#...")[..., None]]) is None


def test_what_is_multiplied_by_a_mask_stays_where_it_is_zero() -> None:
    call = operation("multiply", [SEQUENCE, (1, 6, 1)], [SEQUENCE])
    held = replace(call.inputs[1], held=True)
    unknown = replace(call, inputs=(call.inputs[0], held))
    known = replace(call, inputs=(call.inputs[0], replace(held, values=steps("###...")[..., None].astype(np.float32))))
    assert moves(unknown, [steps("..##..")[..., None], None]) is None
    assert moved_by(known, "..##..") == ["..#..."]


def test_a_condition_of_known_values_chooses() -> None:
    call = operation("where", [(1, 6, 1), SEQUENCE], [SEQUENCE], **{"2": 0.0})
    condition = replace(call.inputs[0], dtype="bool", values=steps("###...")[..., None])
    known = replace(call, inputs=(condition, call.inputs[1]))
    found = moves(known, [None, steps("..##..")[..., None]])
    assert found is not None
    assert drawn(found[0]) == ["..#..."]
    assert moves(call, [None, steps("..##..")[..., None]]) is None
