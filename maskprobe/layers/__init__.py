"""The layers that a fixed model may hold besides those of Keras.

A model that `maskprobe fix` wrote loads with plain Keras once its layers are known:

```python
import maskprobe.layers.keras  # for Keras 3; maskprobe.layers.tf_keras for tf_keras

model = keras.saving.load_model("fixed.keras")
```

`KeepMask`: the layer in it, with the mask of what it reads. `CarryMask`: its first input with the mask of the second.
`WithMask`: its first input with the second one as its mask. `MergeMasks`: the merge layer in it, with the AND of the
masks of its inputs. `MoveMask`: the layer in it, which
leaves out, repeats or adds steps, of the mask as well. `SliceSteps`: a slice of the steps and of their mask.
`MaskedMaxPooling1D`: the maximum over real steps.

They are registered in the package `maskprobe`, and each engine has them in a module of its own; importing this one
imports neither.
"""
