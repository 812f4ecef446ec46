package sandbox

import (
	"net/http"
)

type hotpotSnapshot struct {
	hotpotBase
	Name        string `json:"name,omitempty"`
	Description string `json:"description,omitempty"`
	ProfileID   string `json:"profileId,omitempty"`
	Size        int64  `json:"size,omitempty"` // GB, known once it is made
	Status      string `json:"status,omitempty"`
	VolumeID    string `json:"volumeId,omitempty"`
}

func (h *hotpot) createSnapshot(c *hotpotCall) (int, any, error) {
	var snapshot hotpotSnapshot
	if err := c.decode("volume snapshot", &snapshot); err != nil {
		return 0, nil, err
	}
	volume, err := h.volumes.find(c.cloudCaller, snapshot.VolumeID)
	if snapshot.ProfileID == "" {
		if err != nil {
			return 0, nil, hotpotRefusal(http.StatusBadRequest, "%v", err)
		}
		snapshot.ProfileID = volume.ProfileID
	}
	if _, profileErr := h.profiles.shared(snapshot.ProfileID); profileErr != nil {
		return 0, nil, hotpotRefusal(http.StatusBadRequest, "get profile failed: %v", profileErr)
	}
	if err != nil {
		return 0, nil, hotpotRefusal(http.StatusBadRequest, "create volume snapshot failed: %v", err)
	}
	if volume.Status != "available" && volume.Status != "inUse" {
		return 0, nil, hotpotRefusal(http.StatusBadRequest,
			"create volume snapshot failed: only the status of volume is available or in-use, the snapshot can be created")
	}

	snapshot.hotpotBase = hotpotBase{ID: h.ids.uuid(), CreatedAt: h.stamp(), TenantID: c.tenant}
	snapshot.Status = "creating"
	snapshot.Size = 0
	answer := snapshot

	snapshot.UpdatedAt = h.stamp()
	snapshot.Status = "available"
	snapshot.Size = volume.Size
	h.snapshots.put(&snapshot)
	return http.StatusAccepted, answer, nil
}

func (h *hotpot) listSnapshots(c *hotpotCall) (int, any, error) {
	return http.StatusOK, h.snapshots.page(c.cloudCaller, c.query, "id", "name", "volumeId", "status", "userId", "tenantId", "size"), nil
}

func (h *hotpot) getSnapshot(c *hotpotCall) (int, any, error) {
	snapshot, err := h.namedSnapshot(c)
	return http.StatusOK, snapshot, err
}

func (h *hotpot) namedSnapshot(c *hotpotCall) (*hotpotSnapshot, error) {
	snapshot, err := h.snapshots.find(c.cloudCaller, c.id)
	if err != nil {
		return nil, hotpotRefusal(http.StatusNotFound, "volume snapshot %s not found: %v", c.id, err)
	}
	return snapshot, nil
}

func (h *hotpot) deleteSnapshot(c *hotpotCall) (int, any, error) {
	snapshot, err := h.namedSnapshot(c)
	if err != nil {
		return 0, nil, err
	}
	h.snapshots.remove(snapshot.ID)
	return http.StatusAccepted, nil, nil
}
