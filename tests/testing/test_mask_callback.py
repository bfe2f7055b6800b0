"""`MaskCallback`: it sees the first batch, tells of it, and leaves training as it is."""

from __future__ import annotations

import copy
import random
import subprocess
import sys
import warnings
from collections.abc import Iterator
from typing import Any

import fitted_models
import numpy as np
import pytest
import tensorflow as tf
from fitted_models import TARGETS, TOKENS

from maskprobe import MaskCallback, MaskFaultError, MaskWarning, UsageError
from maskprobe.backend.engine import Engine

NO_MASK_WARNING = pytest.mark.filterwarnings("error::maskprobe.callback.MaskWarning")


def fit(model: Any, *callbacks: Any, data: Any = None, **settings: Any) -> Any:
    x, y = (TOKENS, TARGETS) if data is None else (data, None)
    if data is None:
        settings.setdefault("batch_size", 6)
    return model.fit(x, y, verbose=0, callbacks=list(callbacks), **settings)


def told(model: Any, callback: MaskCallback, **settings: Any) -> list[Any]:
    """The warnings of the callback in a training of `model`."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        fit(model, callback, **settings)
    return [one for one in caught if one.category is MaskWarning]


def state_of(model: Any) -> list[Any]:
    """All that training changes."""
    optimizer = model.optimizer.variables
    variables = optimizer() if callable(optimizer) else optimizer
    return [*model.get_weights(), *(np.asarray(one.numpy()) for one in variables)]


def same(left: list[Any], right: list[Any]) -> bool:
    return len(left) == len(right) and all(map(np.array_equal, left, right))


def test_it_warns_once_of_the_code_the_call_and_the_fix(engine: Engine) -> None:
    (one,) = told(fitted_models.bad(engine.keras), MaskCallback(), epochs=2)
    text = str(one.message)
    assert text.startswith("maskprobe: masks are not ok: model 'bad' on the first batch of fit\n\nerror MP104 ")
    assert "mask-overwritten at again\n" in text
    assert "fix:      Remove Masking 'again': the mask is there already." in text


def test_the_warning_is_at_the_call_of_fit(engine: Engine) -> None:
    (one,) = told(fitted_models.bad(engine.keras), MaskCallback())
    assert one.filename == __file__


@NO_MASK_WARNING
def test_it_says_nothing_of_a_good_model_and_has_the_report(engine: Engine) -> None:
    callback = MaskCallback()
    assert callback.report is None
    fit(fitted_models.good(engine.keras), callback, shuffle=False)
    assert callback.report is not None
    assert callback.report.findings == ()
    seen = callback.report.trace.probe.inputs[0].real
    assert seen is not None
    assert seen.tolist() == (TOKENS[:6] != 0).tolist()


@pytest.mark.parametrize("settings", [{}, {"run_eagerly": True}, {"steps_per_execution": 3}, {"jit_compile": True}])
def test_training_ends_with_the_same_weights_with_and_without_it(engine: Engine, settings: dict[str, Any]) -> None:
    # XLA draws other numbers for the Dropout of tf_keras in each training, with or without the callback.
    dropout = {"dropout": 0.0} if "jit_compile" in settings and engine.info.name == "tf_keras" else {}
    ends = []
    for callbacks in ([], [MaskCallback()]):
        model = fitted_models.bad(engine.keras, **settings, **dropout)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", MaskWarning)
            history = fit(model, *callbacks, epochs=2, validation_data=(TOKENS, TARGETS)).history
        ends.append((state_of(model), history, np.random.random(), random.random(), float(tf.random.uniform(()))))  # noqa: NPY002, S311
    without, with_it = ends
    assert callbacks[0].report is not None
    assert same(without[0], with_it[0])
    assert without[1:] == with_it[1:]


def shuffled() -> Any:
    return tf.data.Dataset.from_tensor_slices((TOKENS, TARGETS)).shuffle(20, seed=1).batch(6)


def generated() -> Iterator[Any]:
    for first in range(0, 20, 5):
        yield TOKENS[first : first + 5], TARGETS[first : first + 5]


@NO_MASK_WARNING
@pytest.mark.parametrize("data", [shuffled, generated])
def test_data_that_can_be_drawn_once_is_trained_on_in_full_and_in_order(engine: Engine, data: Any) -> None:
    ends = []
    for callbacks in ([], [MaskCallback()]):
        model = fitted_models.good(engine.keras)
        fit(model, *callbacks, data=data())
        ends.append(state_of(model))
    assert callbacks[0].report is not None
    assert same(*ends)


class Outside:
    """A model without a graph, built by its first step where the library allows it."""

    @staticmethod
    def make(keras: Any) -> Any:
        class Tagger(keras.Model):  # type: ignore[misc, name-defined]
            def __init__(self) -> None:
                super().__init__(name="tagger")
                self.embedding = keras.layers.Embedding(12, 4, mask_zero=True, name="embedding")
                self.rnn = keras.layers.SimpleRNN(3, name="rnn")

            def call(self, ids: Any) -> Any:
                return self.rnn(self.embedding(ids))

        keras.utils.set_random_seed(3)
        model = Tagger()
        model.compile("adam", "mse")
        return model


@NO_MASK_WARNING
def test_a_model_that_is_built_by_its_first_step_starts_from_the_same_weights(engine: Engine) -> None:
    ends = []
    for callbacks in ([], [MaskCallback()]):
        model = Outside.make(engine.keras)
        fit(model, *callbacks)
        ends.append(state_of(model))
    assert callbacks[0].report is not None
    assert same(*ends)


@NO_MASK_WARNING
def test_dropout_goes_on_in_its_stream_after_code_that_might_draw_was_traced(engine: Engine) -> None:
    # tf_keras keeps the place of a Dropout in the kernel of its random op, which a trace of such code clears otherwise.
    layers, ends = engine.keras.layers, []
    for callbacks in ([], [MaskCallback()]):
        engine.keras.utils.set_random_seed(3)
        ids = engine.keras.Input((6,), dtype="int32", name="tokens")
        h = layers.Embedding(12, 4, mask_zero=True, name="embedding")(ids)
        h = layers.Lambda(lambda x: x * 2.0, mask=lambda _x, mask: mask, name="twice")(h)
        model = engine.keras.Model(ids, layers.SimpleRNN(3, name="rnn")(layers.Dropout(0.5, name="dropout")(h)))
        model.compile("adam", "mse")
        fit(model, *callbacks, batch_size=5)
        ends.append(state_of(model))
    assert callbacks[0].report is not None
    assert same(*ends)


def test_fail_stops_training_after_the_first_step(engine: Engine) -> None:
    model = fitted_models.bad(engine.keras)
    with pytest.raises(MaskFaultError, match=r"(?s)error MP104 mask-overwritten at again.*fix: "):
        fit(model, MaskCallback(fail=True), epochs=5)
    assert int(model.optimizer.iterations.numpy()) == 1
    assert "stand_in" not in str(model.train_function)


@NO_MASK_WARNING
@pytest.mark.parametrize("ignore", ["MP104", ["MP301", "mask-overwritten:aga*"]])
def test_what_is_ignored_neither_warns_nor_fails(ignore: Any) -> None:
    import keras

    fit(fitted_models.bad(keras), MaskCallback(ignore, fail=True))
    assert told(fitted_models.bad(keras), MaskCallback(ignore)) == []


def test_another_call_is_not_ignored() -> None:
    import keras

    with pytest.raises(MaskFaultError):
        fit(fitted_models.bad(keras), MaskCallback("MP104:elsewhere", fail=True))


def test_an_unknown_rule_or_severity_is_told_when_it_is_made() -> None:
    with pytest.raises(UsageError, match="there is no rule 'MP999'"):
        MaskCallback("MP999")
    with pytest.raises(UsageError, match="fail_on is one of error, warning, note, never; got 'bad'"):
        MaskCallback(fail_on="bad")


@pytest.mark.parametrize("fail", [False, True])
def test_an_error_of_its_own_is_a_warning_and_training_goes_on(
    engine: Engine, *, fail: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_args: Any) -> None:
        raise RuntimeError("no such thing")

    monkeypatch.setattr("maskprobe.fit_check.check_fit", broken)
    model = fitted_models.bad(engine.keras)
    (one,) = told(model, MaskCallback(fail=fail))
    assert "could not be checked: RuntimeError: no such thing" in str(one.message)
    assert int(model.optimizer.iterations.numpy()) == 4


def test_a_batch_without_padding_is_replaced_by_made_inputs(engine: Engine) -> None:
    rows = fitted_models.FULL_ROW
    data = tf.data.Dataset.from_tensors((TOKENS[rows], TARGETS[rows]))
    (one,) = told(fitted_models.bad(engine.keras), MaskCallback(), data=data)
    assert "on made inputs, for the first batch of fit has no padded step\n" in str(one.message)
    assert "MP104 mask-overwritten at again" in str(one.message)


@NO_MASK_WARNING
def test_only_the_inputs_that_the_model_takes_are_looked_at(engine: Engine) -> None:
    batch = ({"tokens": TOKENS[:4], "weights of the user": np.ones(4)}, TARGETS[:4])
    callback = MaskCallback(data=batch)
    fit(fitted_models.good(engine.keras), callback)
    assert callback.report is not None
    assert [one.name for one in callback.report.trace.probe.inputs] == ["tokens"]


@NO_MASK_WARNING
def test_data_and_rows_say_what_is_looked_at(engine: Engine) -> None:
    callback = MaskCallback(data=tf.data.Dataset.from_tensor_slices((TOKENS, TARGETS)).batch(10), rows=3)
    fit(fitted_models.good(engine.keras), callback)
    assert callback.report is not None
    assert callback.report.trace.probe.inputs[0].shape == (3, 6)


def test_a_batch_that_fits_no_trace_is_a_warning(engine: Engine) -> None:
    (one,) = told(fitted_models.good(engine.keras), MaskCallback(data=np.ones((2, 3, 4, 5))))
    assert "the first batch of fit could not be checked: UsageError: " in str(one.message)


def test_under_a_distribution_strategy_the_batch_cannot_be_seen_and_data_mends_it(engine: Engine) -> None:
    with tf.distribute.MirroredStrategy(["CPU:0"]).scope():
        model = fitted_models.bad(engine.keras)
    (one,) = told(model, MaskCallback())
    assert "cannot be seen; bring one: MaskCallback(data=(x, y))" in str(one.message)
    assert int(model.optimizer.iterations.numpy()) == 4
    (one,) = told(model, MaskCallback(data=(TOKENS, TARGETS)))
    assert "masks are not ok: model 'bad' on the data that was given to the callback\n" in str(one.message)


def test_sample_weights_of_zero_are_mentioned_where_the_loss_is_blamed(engine: Engine) -> None:
    keras = engine.keras
    keras.utils.set_random_seed(1)
    ids = keras.Input((6,), dtype="int32", name="tokens")
    h = keras.layers.Embedding(12, 4, mask_zero=True, name="embedding")(ids)
    h = keras.layers.Reshape((6, 4), name="reshape")(h)  # ends the mask
    model = keras.Model(ids, keras.layers.Dense(1, name="dense")(h), name="steps")
    model.compile("sgd", "mse")
    real = (TOKENS != 0).astype("float32")
    data = tf.data.Dataset.from_tensor_slices((TOKENS, np.ones((20, 6, 1), "float32"), real)).batch(4)
    (one,) = told(model, MaskCallback(), data=data)
    assert "sample weights, which are 0 at 8 steps; what is said of the loss is without them." in str(one.message)


@NO_MASK_WARNING
def test_it_looks_once_in_all_trainings(engine: Engine) -> None:
    callback = MaskCallback()
    model = fitted_models.good(engine.keras)
    fit(model, callback)
    first = callback.report
    fit(model, callback)
    assert callback.report is first


def test_a_training_without_a_step_leaves_the_model_as_it_was(engine: Engine) -> None:
    model = fitted_models.good(engine.keras)
    model.make_train_function()
    original = model.train_function
    callback = MaskCallback()
    callback.set_model(model)
    callback.on_train_begin()
    assert model.train_function is not original
    callback.on_train_end()
    assert model.train_function is original


def test_outside_fit_it_warns() -> None:
    import keras

    callback = MaskCallback()
    callback.set_model(fitted_models.good(keras))
    with pytest.warns(MaskWarning, match=r"the callback is for model\.fit"):
        callback.on_train_begin()


def test_both_libraries_find_all_the_hooks_that_their_own_callbacks_have(engine: Engine) -> None:
    callback, own = MaskCallback(), engine.keras.callbacks.Callback()
    hooks = [name for name in dir(own) if name.startswith(("on_", "set_", "_implements_"))]
    assert len(hooks) >= 16
    for name in hooks:
        assert callable(getattr(callback, name))
    assert not hasattr(callback, "no_hook")


def test_it_can_be_copied() -> None:
    again = copy.deepcopy(MaskCallback("MP104", fail=True))
    assert again.fail
    assert again.selection == MaskCallback("MP104").selection


def test_importing_it_imports_no_engine() -> None:
    program = "import sys, maskprobe; maskprobe.MaskCallback('MP104'); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert not {"tensorflow", "keras", "tf_keras"} & set(done.stdout.split())
